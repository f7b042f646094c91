"""The FER+ reader on a tiny corpus in the exact layout, with every trap of the real one."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from countenance.contracts.errors import DatasetError
from countenance.training.datasets import ferplus
from countenance.training.datasets.ferplus import EXPRESSIONS

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
ROWS = (
    "Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0",
    "PublicTest,fer0000001.png,0,9,0,0,0,0,0,0,0,0",  # nine votes, not ten
    "Training,,0,0,0,0,0,0,0,0,0,10",  # not a face, and without an image name
    "PrivateTest,fer0000003.png,5,0,0,5,0,0,0,0,0,0",  # a tie
    "Training,fer0000002.png,0,1,9,0,0,0,0,0,0,0",  # the name disagrees with the row
    "Training,fer0000005.png,2,0,0,0,0,0,0,0,8,0",  # unknown
    "Training,fer0000006.png,0,10,0,0,0,0,0,0,0,0",  # the same file as the PublicTest face
    "PrivateTest,fer0000007.png,6,1,1,1,0,0,0,0,1,0",
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "fer2013new.csv").write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    for row, line in enumerate(ROWS):
        folder = tmp_path / line.split(",")[0]
        folder.mkdir(exist_ok=True)
        grey = np.full((48, 48), 20 * (1 if row == 6 else row), dtype=np.uint8)
        Image.fromarray(grey).save(folder / f"{row:08d}.jpg", quality=95)
    return tmp_path


def test_votes_join_images_by_row_and_not_by_name(corpus: Path) -> None:
    train = ferplus.read_split(corpus, "Training")
    assert train.rows.tolist() == [0, 2, 4, 5, 6]
    assert train.images.shape == (5, 48, 48)
    assert [int(image.mean().round()) for image in train.images] == [0, 40, 80, 100, 20]
    assert train.votes[2].tolist() == [0, 1, 9, 0, 0, 0, 0, 0, 0, 0]


def test_a_row_without_an_image_name_or_with_nine_votes_is_read(corpus: Path) -> None:
    assert ferplus.read_split(corpus, "Training").votes[1, 9] == 10
    assert ferplus.read_split(corpus, "PublicTest").votes.sum() == 9


def test_training_drops_repeats_of_held_out_files_and_faces_without_expression(corpus: Path) -> None:
    faces, counts = ferplus.training_faces(corpus)
    assert faces.rows.tolist() == [0, 4]
    assert counts == {
        "read": 5,
        "dropped_repeats_of_held_out_files": 1,
        "dropped_unknown_or_not_a_face": 2,
        "kept": 2,
    }


def test_a_target_is_the_shares_of_votes_without_singles() -> None:
    votes = np.array([[4, 0, 0, 1, 3, 2, 0, 0, 0, 0], [0, 1, 9, 0, 0, 0, 0, 0, 0, 0]])
    shares = ferplus.soft_targets(votes)
    assert shares[0] == pytest.approx([4 / 9, 0, 0, 0, 3 / 9, 2 / 9, 0, 0])
    assert shares[1, EXPRESSIONS.index("surprise")] == 1


def test_a_face_with_single_votes_only_keeps_them() -> None:
    votes = np.array([[1, 1, 1, 1, 1, 0, 0, 0, 1, 0]])
    assert ferplus.soft_targets(votes)[0] == pytest.approx([0.2] * 5 + [0] * 3)


def test_a_face_nobody_named_has_no_target() -> None:
    with pytest.raises(DatasetError, match="no target"):
        ferplus.soft_targets(np.array([[0, 0, 0, 0, 0, 0, 0, 0, 0, 10]]))


def test_the_two_vote_rules_choose_different_faces(corpus: Path) -> None:
    votes = ferplus.read_split(corpus, "PrivateTest").votes
    assert ferplus.has_plurality(votes).tolist() == [False, True]
    assert ferplus.has_majority(votes).tolist() == [False, True]
    scattered = np.array([[4, 0, 0, 0, 3, 3, 0, 0, 0, 0]])
    assert ferplus.has_plurality(scattered).tolist() == [True]
    assert ferplus.has_majority(scattered).tolist() == [False]
    beaten = np.array([[4, 0, 0, 0, 0, 0, 0, 0, 6, 0]])
    assert not ferplus.has_plurality(beaten).any()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root / "fer2013new.csv").unlink(), "votes are missing"),
        (lambda root: (root / "fer2013new.csv").write_text("a,b\n"), "another header"),
        (lambda root: (root / "fer2013new.csv").write_text(HEADER + "\nTraining,x,1\n"), "3 fields"),
        (lambda root: (root / "fer2013new.csv").write_text(HEADER + "\n"), "no row of the split"),
        (lambda root: (root / "Training" / "00000004.jpg").unlink(), "00000004.jpg is missing"),
        (lambda root: Image.new("L", (9, 9)).save(root / "Training" / "00000000.jpg"), "9x9"),
    ],
)
def test_a_damaged_corpus_is_named(corpus: Path, damage: object, message: str) -> None:
    assert callable(damage)
    damage(corpus)
    with pytest.raises(DatasetError, match=message):
        ferplus.read_split(corpus, "Training")


def test_an_unknown_split_is_refused(corpus: Path) -> None:
    with pytest.raises(DatasetError, match="no split"):
        ferplus.read_split(corpus, "Test")


@pytest.mark.slow
def test_the_real_corpus_has_the_counts_of_its_rules(shared: Path) -> None:
    archive = shared / "data" / "face_fer2013.tar.xz"
    if not archive.is_file():
        pytest.skip("the FER2013 archive is not beside the checkout")
    with tarfile.open(archive) as packed:
        member = next(member for member in packed if member.name.endswith("fer2013new.csv"))
        content = packed.extractfile(member)
        assert content is not None
        rows = content.read().decode().splitlines()[1:]
    votes = np.array([[int(n) for n in row.split(",")[2:]] for row in rows if row.startswith("PrivateTest")])
    assert len(votes) == 3589
    assert ferplus.has_plurality(votes).sum() == 3395
    assert ferplus.has_majority(votes).sum() == 3153
