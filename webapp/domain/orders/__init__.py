"""Orders: what is typed into a line, quantities in units, and what follows from the counts."""
