"""Every test of Counterfoil."""
