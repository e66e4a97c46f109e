"""Price lists, their rows, and which list counts for whom."""
