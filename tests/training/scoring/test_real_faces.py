"""The expression bundle on a few real faces: the ones that FER+ keeps for choosing, never the test."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from countenance.evaluation.metrics import ACCURACY
from countenance.inference.shelf import Profile, Shelf
from countenance.training.datasets import ferplus
from countenance.training.datasets.canonical import write_store
from countenance.training.datasets.store import Row, Split
from countenance.training.scoring.measure import Asked, measure

BUNDLE = "face-expression.v1"
FEW = 150


@pytest.fixture(name="store", scope="module")
def written(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared / "data" / "face_fer2013.tar.xz"
    if not archive.is_file():
        pytest.skip("the FER2013 archive is not beside the checkout")
    folder = tmp_path_factory.mktemp("fer")
    kept = 0
    with tarfile.open(archive) as packed:
        for member in packed:
            wanted = "PublicTest/" in member.name and kept < FEW
            if wanted or member.name.endswith("fer2013new.csv"):
                kept += wanted
                packed.extract(member, folder, filter="data")
    (table,) = folder.rglob("fer2013new.csv")
    numbers, votes = ferplus.read_votes(table, "PublicTest")
    table_of_votes = np.array(votes)
    leads = ferplus.has_plurality(table_of_votes)
    pictures = [ferplus.picture(table.parent, "PublicTest", number) for number in numbers]
    rows = [
        Row(
            uid=f"{numbers[at]:08d}",
            dataset="ferplus",
            split=Split.DEV,
            source=f"row {numbers[at]}",
            votes=dict(zip(ferplus.EXPRESSIONS, map(float, votes[at]), strict=False)),
            label=ferplus.EXPRESSIONS[int(table_of_votes[at, :8].argmax())] if leads[at] else None,
            face_path=picture,
        )
        for at, picture in enumerate(pictures)
        if picture.is_file()
    ]
    write_store(rows, folder / "store.jsonl")
    return folder / "store.jsonl"


@pytest.mark.slow
def test_real_faces_are_named_about_as_well_as_the_card_says(store: Path) -> None:
    shelf = Shelf.installed(Profile.OPEN)
    if not shelf.has(BUNDLE):
        pytest.skip("the expression bundle is not installed")
    measured = measure(Asked(BUNDLE, store, split="dev"), shelf, lambda _done, _total: None)
    assert measured.report.data.abstained == {}
    assert len(measured.scores) > 0.9 * FEW
    assert ACCURACY(measured.scores) > 0.7
