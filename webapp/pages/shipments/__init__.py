"""Shipments: lists and one."""
