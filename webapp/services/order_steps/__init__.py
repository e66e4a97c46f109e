"""The way of an order from quote to confirmation, and the credit desk."""
