"""What lies where, what of it is free, and how it moved."""
