"""Credit checks that are kept, and the holds they place."""
