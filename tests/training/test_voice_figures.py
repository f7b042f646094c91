from pathlib import Path

import numpy as np
import pytest

from countenance.inference.calibration import softmax
from countenance.training.datasets.ravdess import parse_name
from countenance.training.voice_emotion import figures
from countenance.training.voice_emotion.figures import (
    HeldOut,
    accuracy,
    arousal_auc,
    auc,
    brier,
    calibrated,
    ece,
    interval,
    nll,
    read_held_out,
    report,
    temperature,
    uar,
)
from countenance.training.voice_emotion.ravdess import ORDERS


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "BOOTSTRAPS", 100)


def made(count: int = 400, *, sharpness: float = 1.0, seed: int = 0) -> HeldOut:
    """Labels drawn from known probabilities; the logits are those times a sharpness."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 8))
    labels = np.array([rng.choice(8, p=softmax(row)) for row in logits])
    actors = np.arange(count) % 20 + 1
    return HeldOut(logits * sharpness, rng.normal(size=(count, 2)), labels, actors, (actors - 1) // 4 + 1)


def said(labels: list[int], answers: list[int]) -> HeldOut:
    count = len(labels)
    ones = np.ones(count, int)
    return HeldOut(np.eye(8)[answers], np.zeros((count, 2)), np.array(labels), ones, ones)


def test_every_class_has_the_same_say_in_the_average_recall() -> None:
    data = said([0, 0, 0, 0, 1], [0, 0, 0, 0, 2])
    assert uar(data) == 0.5
    assert accuracy(data) == 0.8


def test_the_area_is_the_chance_of_the_right_order_and_a_tie_counts_half() -> None:
    assert auc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(7 / 8)
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5
    assert auc(np.array([0.0]), np.array([1.0])) == 0.0


def test_disgust_is_in_neither_group_of_arousal() -> None:
    data = said([0, 1, 3, 2, 4, 5, 7, 6], [0] * 8)
    arousal = np.array([-1, -1, -1, 1, 1, 1, 1, -9.0])
    ordered = HeldOut(data.logits, np.stack([arousal * 0, arousal], axis=1), data.labels, data.actors, data.folds)
    assert arousal_auc(ordered) == 1.0


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_the_temperature_undoes_a_known_sharpness(sharpness: float) -> None:
    data = made(6_000, sharpness=sharpness)
    assert temperature(data.logits, data.labels) == pytest.approx(sharpness, rel=0.06)


def test_calibration_of_a_fold_never_sees_that_fold() -> None:
    data = made(1_000, sharpness=3.0)
    own = data.folds == 2
    spoiled = HeldOut(
        data.logits, data.dimensions, np.where(own, (data.labels + 3) % 8, data.labels), data.actors, data.folds
    )
    np.testing.assert_array_equal(calibrated(data)[own], calibrated(spoiled)[own])
    assert not np.allclose(calibrated(data)[~own], calibrated(spoiled)[~own])


def test_calibration_lowers_the_error_of_an_overconfident_net() -> None:
    data = made(4_000, sharpness=3.0)
    before, after = softmax(data.logits), calibrated(data)
    assert ece(before, data.labels) > 0.1
    assert ece(after, data.labels) < 0.03
    assert nll(after, data.labels) < nll(before, data.labels)
    assert brier(after, data.labels) < brier(before, data.labels)


def test_certainty_that_is_always_right_has_no_error() -> None:
    labels = np.array([0, 1, 2])
    assert ece(np.eye(8)[labels], labels) == 0.0
    assert brier(np.eye(8)[labels], labels) == 0.0
    assert brier(np.eye(8)[(labels + 1) % 8], labels) == 2.0


def test_the_interval_holds_the_value_and_is_that_of_people() -> None:
    data = made()
    low, high = interval(data, uar)
    assert low < uar(data) < high
    alone = HeldOut(data.logits, data.dimensions, data.labels, np.ones(len(data.labels), int), data.folds)
    assert interval(alone, uar) == (uar(alone), uar(alone)), "one person drawn again and again is the same person"


def test_the_report_pools_the_folds_and_shows_cold_start_and_majority_beside_the_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "TUNED_FOLD", 2)
    clips = [
        parse_name(Path(f"03-01-0{emotion}-01-0{statement}-01-{actor:02d}.flac"))
        for actor in range(1, 9)
        for emotion in range(1, 9)
        for statement in (1, 2)
    ]
    labels = np.array([clip.label for clip in clips])
    for fold, actors in enumerate(((1, 2, 3, 4), (5, 6, 7, 8)), start=1):
        rows = np.array([at for at, clip in enumerate(clips) if clip.actor in actors])
        right = 4.0 * np.eye(8)[labels[rows]]
        parts = {f"stream{order}": right for order in range(ORDERS)} | {"cold": np.roll(right, 1, axis=1)}
        places = {f"{name}_dimensions": np.zeros((len(rows), 2)) for name in parts}
        np.savez(tmp_path / f"fold{fold}.npz", rows=rows, **parts, **places)  # type: ignore[arg-type]
    assert len(read_held_out(tmp_path, clips, "cold").labels) == len(clips)
    found = report(tmp_path, clips)
    assert (found["n"], found["folds"]) == (128, 2)
    assert found["uar"] == {
        "all": {"value": 1.0, "low": 1.0, "high": 1.0, "n": 128},
        "untuned_folds": {"value": 1.0, "low": 1.0, "high": 1.0, "n": 64},
        "women": {"value": 1.0, "low": 1.0, "high": 1.0, "n": 64},
        "men": {"value": 1.0, "low": 1.0, "high": 1.0, "n": 64},
    }
    assert found["majority"] == {"uar": 0.125, "accuracy": 0.125}
    cold = found["cold_start"]
    assert isinstance(cold, dict)
    assert cold["uar"]["value"] == 0.0
