"""Countenance: engagement signals for calls, read only where each person has permitted it."""

__version__ = "0.1.0"
