"""What needs somebody else: allowed discounts, margins, and what an approval was given for."""
