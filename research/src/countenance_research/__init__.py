"""Research bundles: see the card of each model folder."""
