"""Conformance suites, in-memory peers and the sample call; shipped to implementers."""
