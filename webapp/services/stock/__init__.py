"""Stock: received, allocated, counted, moved."""
