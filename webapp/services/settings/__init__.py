"""What a company settles, from the first run on."""
