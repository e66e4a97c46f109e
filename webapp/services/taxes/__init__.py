"""Tax codes, what they are made of, and which one a line gets."""
