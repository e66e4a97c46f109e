"""Credit notes, what they take of an invoice, and what waits for one."""
