"""Training of the face cues: mesh points distilled from a teacher, scales, measurement and bundle."""
