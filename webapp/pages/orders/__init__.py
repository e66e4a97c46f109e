"""Orders and quotes: lists, one, what blocks it and what comes next."""
