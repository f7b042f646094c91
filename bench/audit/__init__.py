"""Harnesses that attack the audit log; each is one command and prints one line of figures."""
