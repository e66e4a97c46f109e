"""Which price counts and why: lists, derivation, prices with and without tax."""
