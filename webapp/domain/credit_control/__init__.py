"""The credit rule."""
