"""Programs that set up, build and measure Counterfoil; none of them is needed to serve it."""
