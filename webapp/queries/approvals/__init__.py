"""What waits for a decision, who may decide it, and what a decision would give away."""
