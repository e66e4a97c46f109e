"""Promotions as their author makes them."""
