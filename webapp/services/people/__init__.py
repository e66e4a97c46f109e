"""People who log in: users, passwords, sessions, API tokens."""
