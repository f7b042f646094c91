"""Speed, measured by commands; every run writes its figures to `bench/results/`."""
