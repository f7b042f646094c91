"""Readers of the corpora: each keeps the official split, and fails with the name of what is missing."""
