"""Model cards and technical documentation, rendered from what was measured."""
