"""A dev part out of a training part, for corpora that have none of their own."""

from hashlib import sha256

from countenance.training.datasets.store import Split

SEED = "countenance dev 1"
PERCENT = 10
RULE = f"dev is carved out of train: {PERCENT} % of it, chosen by a hash of the name"


def train_or_dev(name: str) -> Split:
    """Where a training item stands: about a tenth is dev, the same in every run and whatever else the folder holds.

    `name` is the smallest thing that must not be torn apart: a subject, a dialogue, or an image where no more is known.
    """
    digest = sha256(f"{SEED}:{name}".encode()).digest()
    return Split.DEV if int.from_bytes(digest[:8], "big") % 100 < PERCENT else Split.TRAIN
