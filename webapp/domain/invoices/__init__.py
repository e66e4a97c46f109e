"""When invoices fall due, what they are called, and how fixed amounts are billed in parts."""
