"""Tax codes with their rates."""
