"""The dev part that is carved out of a training part."""

from countenance.training.datasets.carving import PERCENT, train_or_dev
from countenance.training.datasets.store import Split

NAMES = [f"train_{number:05d}" for number in range(5000)]


def test_about_a_tenth_is_dev_and_nothing_is_test() -> None:
    splits = [train_or_dev(name) for name in NAMES]
    assert set(splits) == {Split.TRAIN, Split.DEV}
    assert abs(splits.count(Split.DEV) / len(NAMES) - PERCENT / 100) < 0.02


def test_a_name_keeps_its_part_in_every_run() -> None:
    dev = [number for number, name in enumerate(NAMES[:60]) if train_or_dev(name) is Split.DEV]
    assert dev == [7, 12, 19, 29, 33, 35, 42]
