"""The demo company: Northwind's two years of trade, replayed through the program's own commands (see README.md)."""
