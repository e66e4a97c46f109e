"""Writes: one module a capability, one transaction a command."""
