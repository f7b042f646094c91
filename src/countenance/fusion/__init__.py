"""From the observations of one window to a prediction."""
