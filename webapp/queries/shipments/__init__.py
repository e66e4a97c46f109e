"""Shipments: lists, one, their papers, and what is still out."""
