"""The inbox of decisions, and what a decision needs to see."""
