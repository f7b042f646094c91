"""Labelled calls as the product's own windows: one second of one person, what was observed in it, and the votes."""
