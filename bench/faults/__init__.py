"""Harnesses that break the store, the clock and the processes on purpose, and count what is lost."""
