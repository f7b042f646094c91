"""Training of the facial expression network on FER+: training, measurement and bundle."""
