"""Harnesses that give the parsers what is nearly right, or hostile."""
