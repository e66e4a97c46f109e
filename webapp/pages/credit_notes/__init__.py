"""Credit notes: lists, one, and what waits for one."""
