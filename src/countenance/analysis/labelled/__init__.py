"""Labelled calls read as an analysis reads a call: the same gate, leases, samplers and encoders, and the same log."""
