"""Tax categories, dated rates, and taxes made of several."""
