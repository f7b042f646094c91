"""Training the bundles this project ships; needs the extra `train`."""
