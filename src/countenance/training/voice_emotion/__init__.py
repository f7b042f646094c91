"""Training of the voice emotion net on RAVDESS: clips, folds, speaker sessions, net, figures, bundle."""
