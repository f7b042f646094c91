"""From predictions to product labels, events and turn-taking telemetry."""
