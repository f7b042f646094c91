"""Measuring what a model says: pure numbers over one table of scores."""
