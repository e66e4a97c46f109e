"""How a payment is split over open items."""
