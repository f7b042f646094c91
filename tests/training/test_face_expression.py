"""The expression network's trainer: its schedule, its net, its calibration, its distortions, and a whole tiny run."""

# ruff: noqa: E402 (what needs torch is imported after the check that it is there)

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from countenance.contracts.errors import UsageError
from countenance.evaluation.scores import Scores
from countenance.inference.bundle import Bundle
from countenance.training.datasets import ferplus
from countenance.training.face_expression import calibrate, train
from countenance.training.face_expression.distortions import DISTORTIONS, blur, coarse, cover, low_light
from countenance.training.face_expression.make import make
from countenance.training.face_expression.measure import refused, scores_of
from countenance.training.face_expression.net import ExpressionNet
from countenance.training.face_expression.recipe import ExpressionRecipe
from countenance.training.recipe import load_recipe
from countenance.training.run import Run

TINY = {
    "bundle": "face-expression.v1",
    "kind": "face",
    "seed": 3,
    "widths": (8, 8, 8),
    "blocks": (1, 1, 1),
    "embedding": 8,
    "drop": 0.0,
    "epochs": 2,
    "steady": 1,
    "warm_up": 1.0,
    "batch": 4,
    "peak_rate": 0.002,
    "weight_decay": 0.01,
    "memory": 0.9,
    "rarity": 0.5,
    "sides": ((0, 16), (1, 48)),
    "strength": (0.5, 0.2),
}


AGAIN = {"epochs": 1, "share": 0.5, "taught": 0.5}


def tiny(**changes: object) -> ExpressionRecipe:
    return ExpressionRecipe.model_validate({**TINY, **changes})


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty drawn pictures a split in FER+'s layout: a bright half per class, and votes that agree."""
    folder = tmp_path_factory.mktemp("fer")
    random = np.random.default_rng(0)
    lines = ["Usage,Image name," + ",".join(ferplus.EXPRESSIONS) + ",unknown,NF"]
    for row in range(90):
        usage = ferplus.SPLITS[row // 30]
        votes = [0] * 10
        votes[row % 8] = 8
        votes[(row + 1) % 8] = 2
        lines.append(f"{usage},fer{row:07d}.png," + ",".join(map(str, votes)))
        grey = random.integers(0, 90, (48, 48))
        grey[:, : 6 * (row % 8)] += 120
        (folder / usage).mkdir(exist_ok=True)
        Image.fromarray(grey.astype(np.uint8)).save(folder / usage / f"{row:08d}.png")
    (folder / "fer2013new.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A whole run on the drawn corpus: its folder, and the bundle."""
    folder = tmp_path_factory.mktemp("run")
    return folder, make(tiny(again=AGAIN), corpus, folder, "cpu")


def test_the_shipped_recipe_is_complete_and_its_rate_rises_stays_and_falls_to_nothing() -> None:
    recipe = load_recipe(ExpressionRecipe, "face-expression")
    assert recipe.rate(0) < 0.05 * recipe.peak_rate
    assert recipe.rate(recipe.warm_up) == recipe.rate(recipe.steady) == pytest.approx(recipe.peak_rate)
    assert recipe.rate(recipe.epochs - 1e-6) == pytest.approx(0, abs=1e-9)
    assert recipe.rate(recipe.total) == pytest.approx(0, abs=1e-9)
    assert recipe.augmentation(0) == recipe.strength[0]
    assert recipe.augmentation(recipe.total) == pytest.approx(recipe.strength[1])
    assert recipe.side(recipe.total - 1) == 48


def test_a_second_fall_begins_at_its_share_of_the_peak() -> None:
    recipe = tiny(again={"epochs": 4, "share": 0.5, "taught": 0.5})
    assert recipe.total == 6
    assert recipe.rate(2) == pytest.approx(0.5 * recipe.peak_rate)
    assert recipe.rate(4) == pytest.approx(0.25 * recipe.peak_rate)
    assert recipe.augmentation(2) == recipe.strength[0]


@pytest.mark.parametrize("wrong", [{"sides": ((1, 32),)}, {"sides": ((0, 33),)}, {"steady": 2}, {"epoch": 3}])
def test_a_recipe_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"epoch|side|steady"):
        tiny(**wrong)


def test_rare_classes_are_shown_more_often_and_an_epoch_keeps_its_length() -> None:
    targets = torch.nn.functional.one_hot(torch.tensor([0] * 95 + [5] * 5), 8).float()
    often = train.how_often(targets, 0.5)
    assert float(often.mean()) == pytest.approx(1)
    assert float(often[-1] / often[0]) == pytest.approx((95 / 5) ** 0.5, rel=1e-4)
    assert torch.equal(train.how_often(targets, 0.0), torch.ones(100))
    shown = torch.cat(train.order(often, 4, torch.Generator().manual_seed(1)))
    assert 90 <= len(shown) <= 112
    assert 10 <= int((shown >= 95).sum()) <= 21


def test_brightness_and_contrast_hardly_change_what_the_network_says() -> None:
    torch.manual_seed(0)
    net = ExpressionNet(8, (8, 8, 8), (1, 1, 1), 16, 0.2).eval()
    faces = torch.rand(3, 1, 48, 48)
    with torch.no_grad():
        scores, features = net(faces)
        assert (scores.shape, features.shape) == ((3, 8), (3, 16))
        assert torch.allclose(net(faces * 0.6 + 0.1)[0], scores, atol=0.02)


def test_a_run_leaves_curves_scores_figures_and_a_bundle_that_says_both_outputs(made: tuple[Path, Path]) -> None:
    folder, bundle = made
    loaded = Bundle.load(bundle)
    out = loaded.model.run({"face": np.zeros((2, 1, 48, 48), np.float32)})
    assert (out["scores"].shape, out["embedding"].shape) == ((2, 8), (2, 8))
    assert loaded.calibration.distribution(out["scores"]).sum(axis=1) == pytest.approx([1, 1])
    assert loaded.calibration.extra["conformal"] == {"alpha": 0.1, "quantile": pytest.approx(0.9, abs=0.1)}
    assert {figure.metric for figure in loaded.card.figures} >= {"accuracy", "macro_f1", "ece_15", "conformal_coverage"}
    assert len(Scores.read(folder / "scores-test.npz")) == 30
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert [row["distortion"] for row in figures["robustness"]] == list(DISTORTIONS)
    assert figures["robustness"][0]["accuracy"]["value"] == figures["plurality"]["metrics"]["accuracy"]["value"]
    assert (folder / "curves.svg").is_file()
    assert (folder / "teacher.pt").is_file()


def test_a_finished_run_is_not_repeated_and_another_recipe_is_refused(made: tuple[Path, Path], corpus: Path) -> None:
    folder, bundle = made
    before = (folder / "record.json").read_text(encoding="utf-8")
    model = (bundle / "model.onnx").read_bytes()
    make(tiny(again=AGAIN), corpus, folder, "cpu")
    assert (folder / "record.json").read_text(encoding="utf-8") == before
    assert (bundle / "model.onnx").read_bytes() == model
    with pytest.raises(UsageError, match="another recipe: rarity differ"):
        make(tiny(again=AGAIN, rarity=0.1), corpus, folder, "cpu")


def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(corpus: Path, tmp_path: Path) -> None:
    recipe = tiny()
    faces, _ = ferplus.training_faces(corpus)
    dev = ferplus.read_split(corpus, "PublicTest")
    ends = []
    for name, stops in (("whole", ()), ("broken", (1,))):
        run = Run.open(tmp_path / name, recipe)
        for stop in (*stops, 2):
            torch.manual_seed(3)
            learner = train.Learner.begin(recipe, torch.device("cpu"))
            if (state := run.load(train.CHECKPOINT)) is not None:
                learner.load(state)
            images, targets = (
                torch.from_numpy(faces.images[:, None]),
                torch.from_numpy(ferplus.soft_targets(faces.votes)),
            )
            often = train.how_often(targets, recipe.rarity)
            while learner.epoch < stop:
                train._epoch(learner, recipe, images, targets, often)
            run.save(train.CHECKPOINT, learner.state())
        ends.append(train.logits_of(learner.mean, dev.images))
    assert np.abs(ends[0] - ends[1]).max() < 1e-4


def truth_and_logits(n: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    logits = random.normal(scale=2, size=(n, 8)) + np.log([0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01])
    cumulative = calibrate.softmax(logits).cumsum(axis=1)
    truth = (random.random((n, 1)) > cumulative).sum(axis=1).clip(0, 7)
    return truth, logits.astype(np.float32)


def test_the_fit_undoes_a_known_slope_and_known_offsets() -> None:
    truth, logits = truth_and_logits(20_000, 3)
    shift = np.array([0, 0, 0, 0, 0.5, -0.5, 1, 0], np.float32)
    fitted = calibrate.fit(logits * 3 + shift, truth)
    assert fitted.slope == pytest.approx(1 / 3, rel=0.05)
    assert fitted.probabilities(logits * 3 + shift) == pytest.approx(calibrate.softmax(logits), abs=0.05)


def test_favouring_rare_classes_never_costs_more_accuracy_than_allowed() -> None:
    truth, logits = truth_and_logits(3000, 4)
    votes = np.zeros((3000, 10), np.int64)
    votes[np.arange(3000), truth] = 10
    faces = ferplus.FerPlus(np.arange(3000), np.zeros((3000, 48, 48), np.uint8), votes)
    fitted, rows = calibrate.choose(logits, scores_of(faces, "PublicTest", calibrate.softmax(logits), "drawn"))
    chosen = next(row for row in rows if row["lean"] == fitted.lean)
    assert chosen["accuracy"] >= rows[0]["accuracy"] - calibrate.MOST_LOST
    assert chosen["macro_f1"] >= rows[0]["macro_f1"]
    assert max(row["macro_f1"] for row in rows) > rows[0]["macro_f1"]


@given(st.sampled_from(sorted(DISTORTIONS)), st.integers(0, 2**32 - 1), st.booleans())
def test_spoilt_pictures_stay_pictures_and_the_same_seed_gives_the_same(name: str, seed: int, colour: bool) -> None:
    shape = (2, 48, 48, 3) if colour else (2, 48, 48)
    pictures = np.random.default_rng(seed).random(shape, dtype=np.float32)
    kept = pictures.copy()
    one, two = DISTORTIONS[name](pictures), DISTORTIONS[name](pictures)
    assert one.shape == shape
    assert one.dtype == np.float32
    assert 0 <= one.min() <= one.max() <= 1 + 1e-6
    assert (one == two).all()
    assert (pictures == kept).all()


def test_covers_lie_where_they_are_named_and_light_and_detail_are_lost() -> None:
    pictures = np.random.default_rng(1).random((2, 48, 48), dtype=np.float32)
    changed = cover(pictures, "mouth") != pictures
    assert changed[:, 30:44, 9:38].mean() > 0.95
    assert not changed[:, :29].any()
    assert low_light(pictures, 0.1).mean() < 0.5 * pictures.mean()
    for spoilt in (blur(pictures, 5.0), coarse(pictures, 12)):
        assert spoilt.mean() == pytest.approx(float(pictures.mean()), abs=0.02)
        assert spoilt.std() < 0.5 * pictures.std()


def test_the_quality_gate_refuses_darkness_and_no_lit_face() -> None:
    lit = np.random.default_rng(2).integers(60, 200, (48, 48)).astype(np.uint8)
    assert not refused(lit)
    assert refused((lit // 12).astype(np.uint8))
