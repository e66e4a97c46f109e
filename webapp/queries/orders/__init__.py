"""Orders: lists, one, what blocks it and what comes next."""
