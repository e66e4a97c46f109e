"""Shipments: picked, packed, shipped, and goods that come back."""
