"""Analysing a recorded call: the working folder, the run, the report."""
