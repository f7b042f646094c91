"""Training of the voice net on RAVDESS: `countenance train voice`, stage by stage in `make`."""
