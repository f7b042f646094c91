"""Composites, targets, losses and thresholds of the face finder's training."""

# ruff: noqa: E402 (what needs torch and cv2 is imported after the check that they are there)

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("cv2")
torch = pytest.importorskip("torch")

from countenance.capture import faces as runtime
from countenance.training.face_finder import evaluate, losses, net, scoring, teacher, train
from countenance.training.face_finder.bundle import card, slice_rows
from countenance.training.face_finder.composites import compose, pick, scrambled
from countenance.training.face_finder.export import export
from countenance.training.face_finder.people import MIRROR
from countenance.training.face_finder.recipe import FinderRecipe
from countenance.training.face_finder.scene import CLEAN, HARD, MOST_FACES, TRAIN
from countenance.training.face_finder.shards import ROW, ready, rows_of
from countenance.training.face_finder.teacher import FaceSet, Found, overlap, split_dev
from countenance.training.recipe import load_recipe
from countenance.training.run import Run


@pytest.fixture(scope="module")
def drawn() -> FaceSet:
    """Grey crops, each with five white dots as landmarks; no real face is needed to test geometry."""
    points = np.array([[40, 45], [72, 45], [56, 65], [44, 85], [68, 85]], np.float32)
    crops = np.full((24, 112, 112, 3), 90, np.uint8)
    crops[12:] = 30
    for x, y in points.astype(int):
        crops[:, y - 3 : y + 4, x - 3 : x + 4] = 255
    boxes = np.tile(np.array([12, -7, 100, 107], np.float32), (24, 1))
    words = np.array(["x"] * 24)
    return FaceSet(crops, boxes, np.tile(points, (24, 1, 1)), np.arange(24) % 12 == 1, words, words, words)


def row(box: tuple[float, float, float, float], hidden: float = 0.0) -> NDArray[np.float32]:
    rows = np.full((1, MOST_FACES, ROW), np.nan, np.float32)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    rows[0, 0] = [*box, *([x, y] * 5), 0, 0, 0, 0, 0, hidden]
    return rows


def test_a_scene_is_the_same_for_the_same_seed(drawn: FaceSet) -> None:
    one, two = (compose(np.random.default_rng(5), drawn, TRAIN) for _ in range(2))
    assert (one.picture == two.picture).all()
    assert (one.boxes == two.boxes).all()


def test_landmarks_of_a_clean_scene_lie_on_the_marks(drawn: FaceSet) -> None:
    bright = []
    for seed in range(30):
        made = compose(np.random.default_rng(seed), drawn, CLEAN, chosen=20)
        if made.boxes[0, 2] - made.boxes[0, 0] > 40:
            x, y = np.round(made.landmarks[0]).astype(int).T
            face = made.picture[..., 1].astype(float)
            bright += [
                face[v, u] > np.median(face[min(y) : max(y) + 1, min(x) : max(x) + 1])
                for u, v in zip(x, y, strict=True)
            ]
    assert len(bright) >= 20
    assert np.mean(bright) > 0.95


def test_a_face_free_frame_has_no_labels_and_a_clean_scene_one_face_of_20_to_72_px(drawn: FaceSet) -> None:
    for seed in range(20):
        assert len(compose(np.random.default_rng(seed), drawn, HARD, empty=True).boxes) == 0
        boxes = compose(np.random.default_rng(seed), drawn, CLEAN).boxes
        assert len(boxes) == 1
        assert 19.9 <= boxes[0, 2] - boxes[0, 0] <= 72.1


def test_faces_of_one_scene_do_not_overlap_and_come_with_their_covered_landmarks(drawn: FaceSet) -> None:
    several = covered = 0
    for seed in range(60):
        made = compose(np.random.default_rng(seed), drawn, TRAIN)
        several += len(made.boxes) > 1
        covered += int(made.covered.sum())
        for i in range(1, len(made.boxes)):
            assert overlap(made.boxes[i], made.boxes[:i]).max() < 0.1
    assert several > 4
    assert covered > 8


def test_darker_faces_are_drawn_more_often_when_asked(drawn: FaceSet) -> None:
    rng = np.random.default_rng(0)
    assert np.mean([pick(rng, drawn, 0.0) >= 12 for _ in range(400)]) == pytest.approx(0.5, abs=0.1)
    assert np.mean([pick(rng, drawn, 1.0) >= 12 for _ in range(400)]) > 0.8


def test_a_scrambled_crop_keeps_its_colours_and_loses_its_order() -> None:
    crop = np.random.default_rng(1).integers(0, 255, (112, 112, 3)).astype(np.uint8)
    mixed = scrambled(np.random.default_rng(2), crop)
    edge = len(mixed)
    assert sorted(mixed.ravel()) == sorted(crop[:edge, :edge].ravel())
    assert (mixed != crop[:edge, :edge]).mean() > 0.5


def test_the_dev_part_shares_no_face_with_training(drawn: FaceSet) -> None:
    marked = drawn.take(np.arange(24))
    marked.crops[:, 0, 0, 0] = np.arange(24)
    training, dev = split_dev(marked)
    assert set(dev.crops[:, 0, 0, 0]) == {0, 12}
    assert set(training.crops[:, 0, 0, 0]) == set(range(24)) - {0, 12, 1, 13}


@pytest.mark.parametrize("width", [16, 30, 90])
def test_one_to_four_cells_answer_for_a_face_and_a_ring_around_them_is_free(width: int) -> None:
    for x, y in ((80, 48), (83, 45), (77.5, 50.2)):
        half = width / 2
        owner, positive = losses.assign(torch.from_numpy(row((x - half, y - half, x + half, y + half))))
        assert 1 <= positive.sum() <= 4
        assert (owner == -2).sum() >= 4
        rows, columns = positive[0].nonzero(as_tuple=True)
        assert ((columns + 0.5) * 8 - x).abs().max() <= 8
        assert ((rows + 0.5) * 8 - y).abs().max() <= 8


def test_a_hidden_face_is_neither_asked_for_nor_punished() -> None:
    owner, positive = losses.assign(torch.from_numpy(row((60, 20, 110, 80), hidden=0.9)))
    assert positive.sum() == 0
    assert owner[0, 6, 10] == -2


def test_a_perfect_grid_costs_almost_nothing_and_runtime_and_training_read_it_alike() -> None:
    wanted = torch.from_numpy(row((62, 20, 110, 80)))
    _, positive = losses.assign(wanted)
    grid = torch.zeros(1, net.OUTPUTS, net.ROWS, net.COLUMNS)
    grid[0, 0] = -12.0
    grid[:, 0][positive] = 12.0
    middle = torch.tensor([86.0, 50.0])[:, None, None]
    grid[0, 1:3] = (middle - net.centres(grid)) / net.STRIDE
    grid[0, 3], grid[0, 4] = float(np.log(48 / 32)), float(np.log(60 / 32))
    grid[0, 5:15] = ((middle - net.centres(grid)) / net.UNIT).repeat(5, 1, 1)
    grid[0, 15:] = -12.0
    assert losses.finder_loss(grid, wanted).item() < 1e-3
    boxes, landmarks, _, _ = runtime.decode(grid[0].numpy(), 0.5)
    assert boxes[0] == pytest.approx([62, 20, 110, 80], abs=1e-3)
    assert landmarks[0] == pytest.approx(np.tile([86, 50], (5, 1)), abs=1e-3)


def test_mirroring_a_batch_swaps_the_sides_of_the_landmarks(drawn: FaceSet) -> None:
    made = compose(np.random.default_rng(3), drawn, CLEAN, chosen=0)
    rows, pictures = rows_of(made)[None], made.picture[None]
    seeds = [s for s in range(20) if np.random.default_rng(s).random() < 0.5]
    _, mirrored = train.varied(np.random.default_rng(seeds[0]), pictures, rows)
    expected = made.landmarks[0][MIRROR] * [-1, 1] + [160, 0]
    assert mirrored[0, 0, 4:14].reshape(5, 2).numpy() == pytest.approx(expected, abs=1e-3)
    assert mirrored[0, 0, 0].item() == pytest.approx(160 - made.boxes[0, 2], abs=1e-3)


def test_a_killed_run_goes_on_where_its_last_checkpoint_was(tmp_path: Path, drawn: FaceSet) -> None:
    shipped = load_recipe(FinderRecipe, "face-finder")
    recipe = shipped.model_copy(update={"steps": 4, "batch": 4, "stretch": 2})
    made = [compose(np.random.default_rng(i), drawn, TRAIN) for i in range(8)]
    np.save(tmp_path / "pictures000.npy", np.stack([one.picture for one in made]))
    np.save(tmp_path / "rows000.npy", np.stack([rows_of(one) for one in made]))
    ends = []
    for name, killed in (("whole", False), ("broken", True)):
        torch.manual_seed(0)
        run = Run.open(tmp_path / name, recipe)
        trainer = train.Trainer(run, recipe, torch.device("cpu"))
        if killed:
            for _ in range(2):
                trainer._advance(*ready(tmp_path))
            trainer._keep()
            trainer = train.Trainer(run, recipe, torch.device("cpu"))
            assert trainer.step == 2
        trainer.go(tmp_path)
        assert trainer.step == 4
        ends.append(torch.cat([value.flatten() for value in trainer.mean.state_dict().values()]))
    assert (ends[0] - ends[1]).abs().max() < 1e-5


def test_the_exported_network_answers_as_torch_does(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    torch.manual_seed(1)
    assert export(net.FinderNet(), tmp_path / "finder.onnx") < 1e-3


def test_the_threshold_lets_at_most_the_asked_share_of_free_frames_fire() -> None:
    free = np.linspace(0, 1, 1001).astype(np.float32)
    nothing = np.zeros(0, np.float32)
    trial = scoring.Trial(np.zeros(0, np.int64), nothing, nothing, nothing, free, np.zeros(0, bool))
    chosen = scoring.choose_threshold(trial, 0.01, 0.05)
    assert 0 < (free >= chosen).mean() <= 0.01
    silent = replace(trial, free=np.full(1001, -1, np.float32))
    assert scoring.choose_threshold(silent, 0.01, 0.05) == 0.05, "no lower one was tried"


def test_a_hit_needs_half_overlap_and_its_error_is_in_shares_of_the_box() -> None:
    box, points = np.array([10, 10, 50, 50], np.float32), np.zeros((5, 2), np.float32)
    shifted = points + np.array([3, 4], np.float32)
    found = Found(
        np.array([[12, 10, 52, 50], [40, 40, 90, 90]], np.float32), np.stack([shifted, points]), np.ones(2, np.float32)
    )
    score, error = scoring.match(found, box, points)
    assert score == 1.0
    assert error == pytest.approx(5 / 40)
    far = Found(found.boxes[1:], found.landmarks[1:], found.scores[1:])
    assert scoring.match(far, box, points)[0] == -1


def test_an_interval_surrounds_its_rate() -> None:
    figure = scoring.rate("recall", np.arange(1000) % 10 > 0, "p")
    assert figure["low"] < figure["value"] == 0.9 < figure["high"]
    assert figure["n"] == 1000


def test_a_net_that_finds_nothing_is_measured_to_the_end(drawn: FaceSet) -> None:
    class Blind:
        threshold = 0.5

        def find(self, frame: NDArray[np.uint8]) -> tuple[runtime.Face, ...]:
            return ()

    nothing = np.zeros(0, np.float32)
    trial = scoring.Trial(np.zeros(0, np.int64), nothing, nothing, nothing, np.full(9, -1, np.float32), nothing > 0)
    rows = [*evaluate.covered(Blind(), 0.5, drawn), *evaluate.headline(trial, 0.5, "p")]  # type: ignore[arg-type]
    empty = [one for one in rows if one["n"] == 0]
    assert {one["metric"] for one in empty} >= {"recall", "landmark_error", "covered landmarks noticed"}
    assert all(math.isnan(one["value"]) for one in empty)
    assert card({"figures": empty}, "a short run")["figures"] == []


def test_the_card_takes_its_figures_from_the_evaluation_only() -> None:
    assert card({}, "a run")["figures"] == []
    figures = [{"metric": "recall", "value": 0.5}]
    nothing_found = {"metric": "landmark_error", "value": float("nan")}
    assert card({"figures": [*figures, nothing_found]}, "a run")["figures"] == figures
    assert card({}, "a run")["licence"]["commercial"] is True
    json.dumps(card({}, "a run"))


def test_the_card_shows_the_worst_slice_first_and_none_that_is_too_small() -> None:
    def group(name: str, value: float, n: int) -> dict[str, object]:
        return {"metric": name, "value": value, "low": value, "high": value, "n": n, "protocol": "recall"}

    found = {"figures": [group("recall", 0.95, 900)], "race": [group("a", 0.97, 400), group("b", 0.90, 300)]}
    rows = slice_rows({"clean_finder": {**found, "age": [group("0-2", 0.1, 80)], "gender": [group("c", 0.94, 450)]}})
    assert [row["metric"] for row in rows] == ["recall, race b", "recall, gender c", "recall, race a"]
    assert "-5.0 points" in rows[0]["protocol"]
    assert "race b, recall -5.0 points" in card({"clean_finder": found}, "a run")["limits"]["text"][-1]


def test_the_teacher_finds_the_face_of_a_real_photo(shared: Path) -> None:
    import cv2

    yunet = teacher.Teacher(shared / "weights" / "yunet" / "yunet_n_dynamic.onnx")
    photo = cv2.imread(str(shared / "data" / "face_natural" / "obama.jpg"))[:, :, ::-1]
    found = yunet.find(cv2.resize(np.ascontiguousarray(photo), (320, 320)), 0.6)
    assert len(found.scores) == 1
    assert found.landmarks[0, 0, 0] < found.landmarks[0, 1, 0]
