"""Price lists and prices."""
