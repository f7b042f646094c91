"""From samples of one modality to observations."""
