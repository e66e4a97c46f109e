"""What documents are totalled from: amounts, tax, cash rounding, and whether it all adds up."""
