from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("soundfile")

from countenance.evaluation import intervals
from countenance.evaluation.metrics import AUC, NLL, UAR
from countenance.inference.calibration import softmax
from countenance.training.datasets.ravdess import LABELS, parse_name
from countenance.training.recipe import load_recipe
from countenance.training.voice_emotion import figures
from countenance.training.voice_emotion.card import card
from countenance.training.voice_emotion.folds import COLD, KINDS
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.tables import (
    HeldOut,
    aroused,
    calibrated,
    fitted,
    named,
    read_held_out,
    together,
)

RECIPE = load_recipe(VoiceRecipe, "voice-emotion")


def made(count: int = 400, *, sharpness: float = 1.0, seed: int = 0) -> HeldOut:
    """Labels drawn from known probabilities; the logits are those times a sharpness."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 8))
    labels = np.array([rng.choice(8, p=softmax(row)) for row in logits])
    actors = np.arange(count) % 20 + 1
    ids = np.array([f"clip{at}" for at in range(count)])
    dimensions = np.tanh(rng.normal(size=(count, 2)))
    return HeldOut(logits * sharpness, dimensions, labels, actors, (actors - 1) // 4 + 1, ids)


def test_disgust_is_in_neither_group_of_arousal() -> None:
    data = made()
    table = aroused(data, "made")
    assert len(table) == (data.labels != LABELS.index("disgust")).sum()


def test_the_arousal_output_orders_the_groups() -> None:
    data = made()
    high = np.isin(np.array(LABELS)[data.labels], ("happy", "angry", "fearful", "surprised"))
    data.dimensions[:, 1] = np.where(high, 0.5, -0.5)
    assert AUC(aroused(data, "made")) == 1.0
    data.dimensions[:, 1] *= -1
    assert AUC(aroused(data, "made")) == 0.0


def test_calibration_finds_the_temperature_and_helps() -> None:
    data = made(4000, sharpness=3.0)
    assert fitted(data).temperature == pytest.approx(3.0, rel=0.1)
    assert NLL(named(data, calibrated(data, data), "made")) < NLL(named(data, softmax(data.logits), "made"))


def test_a_fold_is_calibrated_without_its_own_labels() -> None:
    data = made(400, sharpness=2.0)
    own = data.folds == 3
    other = HeldOut(data.logits, data.dimensions, np.where(own, 0, data.labels), data.actors, data.folds, data.ids)
    np.testing.assert_array_equal(calibrated(data, data)[own], calibrated(data, other)[own])


def test_every_figure_of_the_card_comes_from_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "REPEATS", 50)
    monkeypatch.setattr(figures, "_IDEAL_DRAWS", 20)
    heard = {kind: made(seed=at) for at, kind in enumerate(KINDS)}
    found = figures.report(heard, RECIPE)
    assert found["uar"]["all"]["value"] == pytest.approx(
        UAR(
            named(
                heard["stream0"], calibrated(heard["stream0"], together([heard[f"stream{at}"] for at in range(5)])), "x"
            )
        ),
        abs=1e-4,
    )
    assert found["uar"]["other_folds"]["n"] == 240
    assert found["uar"]["women"]["n"] == found["uar"]["men"]["n"] == 200
    assert (
        found["uar_women_minus_men"]["low"]
        < found["uar_women_minus_men"]["value"]
        < found["uar_women_minus_men"]["high"]
    )
    assert found["speakers"]["worst"]["value"] == min(found["speakers"]["uar"].values())
    assert len(found["speakers"]["uar"]) == 20
    assert found["conformal"]["coverage"] == pytest.approx(0.9, abs=0.05)
    assert found["abstain"]["risk"] < 1 - found["accuracy"]["value"]
    assert 0.05 < found["abstain"]["coverage"] < 0.95
    rows = {row["metric"]: row for row in card({"figures": found})["figures"]}
    assert rows["uar_8"]["value"] == found["uar"]["all"]["value"]
    assert {"uar_8_women", "uar_8_men", "uar_8_worst_speaker", "ece15", "conformal_coverage"} <= rows.keys()
    assert all("None" not in str(row.values()) for row in rows.values())


def test_the_error_of_perfect_probabilities_is_not_nought_with_few_rows() -> None:
    few, many = (figures._ideal(named(data, softmax(data.logits), "made")) for data in (made(200), made(8000)))
    assert few["mean"] > 0.04
    assert many["mean"] < 0.02


def test_held_out_predictions_of_all_folds_are_pooled_with_their_clips(tmp_path: Path) -> None:
    clips = [parse_name(Path(f"03-01-0{1 + at % 8}-01-01-01-{at % 8 + 1:02d}.flac")) for at in range(16)]
    for fold in (1, 2):
        rows = np.arange(16)[fold - 1 :: 2]
        said = {kind: np.full((8, 8), fold, np.float32) for kind in KINDS}
        said |= {f"{kind}_dimensions": np.zeros((8, 2), np.float32) for kind in KINDS}
        np.savez(tmp_path / f"fold{fold}.npz", rows=rows, **said)  # type: ignore[arg-type]
    data = read_held_out(tmp_path, clips, COLD)
    assert data.labels.tolist() == [clips[at].label for at in (*range(0, 16, 2), *range(1, 16, 2))]
    assert data.logits[:, 0].tolist() == [1.0] * 8 + [2.0] * 8
    assert data.folds.tolist() == [1] * 8 + [2] * 8
