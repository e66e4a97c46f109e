"""The first page, what waits for a user, and the search over everything."""
