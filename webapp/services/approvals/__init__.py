"""Asking for approval, deciding, and how much somebody may give."""
