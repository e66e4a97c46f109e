"""The plan of an allocation, and stock at moving average cost."""
