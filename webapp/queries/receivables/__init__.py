"""What customers owe at any date, and what they have left unused."""
