import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.training.fusion.made import observation, part, side

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import DatasetError, UsageError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Window
from countenance.fusion.loading import load_fusion
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.fusions import check_fusion
from countenance.training.datasets.store import Split
from countenance.training.windows.labelled import LabelledWindow

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from countenance.training.fusion.calibrate import fit_temperature
from countenance.training.fusion.examples import Batch, Source, Tuples, inputs_of, labels_of, targets_of
from countenance.training.fusion.fit import hidden
from countenance.training.fusion.making import call_sides, divided, make_fusion, said_as, tuple_sides
from countenance.training.fusion.match import WARNING
from countenance.training.fusion.parts import write_part
from countenance.training.fusion.recipe import FusionRecipe
from countenance.training.recipe import load_recipe


def small(task: str, **changes: object) -> FusionRecipe:
    shipped = load_recipe(FusionRecipe, f"fusion-{task}").model_dump()
    return FusionRecipe.model_validate({**shipped, "epochs": 4, "patience": 4, "width": 8, **changes})


@pytest.fixture(scope="module")
def tuples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuples")
    for name in ("train", "dev"):
        for found in side(name).values():
            write_part(found, folder)
    return folder


@pytest.mark.parametrize("task", ["late", "crossmodal"])
def test_training_lowers_the_dev_loss_and_makes_a_bundle_that_keeps_the_promises(
    task: str, tuples: Path, tmp_path: Path
) -> None:
    recipe = small(task)
    folder = make_fusion(recipe, tuple_sides(tuples, recipe), tmp_path / "run", "cpu", tmp_path / "models")
    losses = [json.loads(line)["dev_loss"] for line in (tmp_path / "run/curves.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]
    fusion, cards = load_fusion(folder, Shelf([], Profile.OPEN))
    check_fusion(fusion)
    card = cards[f"fusion-{task}.v1"]
    assert card.limits[0].startswith(WARNING)
    assert not card.licence.commercial
    assert not card.figures, "no figure of tuples stands on a card"


def test_an_interrupted_run_goes_on_to_the_same_weights(tuples: Path, tmp_path: Path) -> None:
    recipe = small("late")
    whole = make_fusion(recipe, tuple_sides(tuples, recipe), tmp_path / "whole", "cpu", None)
    torn = tmp_path / "torn"
    sides = tuple_sides(tuples, recipe)
    stops = _Stops(sides.train, after=2)
    with pytest.raises(KeyboardInterrupt):
        make_fusion(recipe, replace(sides, train=stops), torn, "cpu", None)
    again = make_fusion(recipe, sides, torn, "cpu", None)
    assert (again / "model.onnx").read_bytes() == (whole / "model.onnx").read_bytes()


class _Stops:
    """A source that somebody interrupts."""

    def __init__(self, inner: Source, after: int) -> None:
        self.labels, self._inner, self._left = inner.labels, inner, after

    def draw(self, seed: int) -> Batch:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return self._inner.draw(seed)


def test_a_hidden_modality_is_all_zero_and_something_always_stays() -> None:
    seen = [Window("p_1", 0, SECOND_US, (observation(FACE, "fear", 0.5), observation(TEXT, "fear", 0.5)), {})] * 200
    for task in ("late", "crossmodal"):
        inputs = {name: torch.from_numpy(x) for name, x in inputs_of(task, seen).items()}
        left = hidden(inputs, 0.6, torch.Generator().manual_seed(1))
        there = [x.abs().flatten(2).amax(dim=2) > 0 for x in left.values()]
        for mask in there:
            assert mask.any(dim=1).all()
            assert not mask[:, 1].any(), "voice was never there"
            assert 0 < int((~mask[:, 0]).sum()) < len(seen)


def test_what_the_tuples_give_is_what_the_product_would_give_the_network() -> None:
    parts = side("train")
    drawn = Tuples("late", parts, each=1).draw(3)
    item = next(item for item in parts[VOICE, "clean"].items if item.observations)
    alone = inputs_of("late", [Window("p_1", 0, SECOND_US, item.observations, {})])["modalities"][0, 1]
    assert any(np.array_equal(row, alone) for row in drawn.inputs["modalities"][:, 1])


def test_the_temperature_finds_back_what_was_taken_out() -> None:
    random = np.random.default_rng(2)
    logits = random.normal(size=(4000, 7)).astype(np.float32) * 2
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([random.choice(7, p=row / row.sum()) for row in chances])
    assert fit_temperature(logits * 3, np.eye(7, dtype=np.float32)[truth]) == pytest.approx(3.0, rel=0.08)


def window(label: str, subject: str, at: int, split: Split = Split.UNASSIGNED) -> LabelledWindow:
    seen = tuple(observation(m, EMOTIONS[len(label) % 7], 0.6) for m in (FACE, VOICE, TEXT))
    return LabelledWindow(
        window=Window("p_1", at * SECOND_US, (at + 1) * SECOND_US, seen, {}),
        stretch=f"{subject}-{at}", subject=subject, call=f"call-{subject}", split=split,
        votes={label: 2.0}, raters=3, dimensions={},
    )  # fmt: skip


CALLS = [window(label, f"s{n % 6}", n) for n, label in enumerate(["puzzled", "content", "annoyed"] * 12)]


def test_own_labels_stand_alone_and_never_under_the_name_of_an_encoders_score(tmp_path: Path) -> None:
    recipe = small("late", epochs=2)
    folder = make_fusion(recipe, call_sides(CALLS, {}, recipe), tmp_path, "cpu", None)
    fusion, _ = load_fusion(folder, Shelf([], Profile.COMMERCIAL))
    scores = fusion.fuse([CALLS[0].window])[0].scores
    assert {"calls/annoyed", "calls/content", "calls/puzzled"} <= set(scores)
    assert said_as(EMOTIONS) == EMOTIONS


def test_nobody_stands_on_both_sides() -> None:
    train, dev = divided(CALLS)
    assert {w.subject for w in train}.isdisjoint({w.subject for w in dev})
    assert len(train) + len(dev) == len(CALLS)
    assert dev


def test_test_calls_are_left_alone() -> None:
    held = [replace(w, split=Split.TEST) if w.subject == "s0" else w for w in CALLS]
    train, dev = divided(held)
    assert "s0" not in {w.subject for w in (*train, *dev)}


def test_one_group_of_people_cannot_be_divided() -> None:
    with pytest.raises(DatasetError, match="one group of people"):
        divided([w for w in CALLS if w.subject == "s0"])


def test_votes_become_shares_of_the_raters_or_of_the_votes() -> None:
    votes = [{"fear": 1.0, "anger": 3.0}]
    assert targets_of(votes, [5.0], EMOTIONS).sum() == pytest.approx(1.0)
    assert targets_of([{"puzzled": 2.0}], [4.0], ("puzzled",)).tolist() == [[0.5]]


def test_emotions_and_own_labels_are_not_mixed() -> None:
    with pytest.raises(DatasetError, match="labels of two kinds: fear beside puzzled"):
        labels_of([{"fear": 1.0}, {"puzzled": 1.0}])


def test_another_recipe_needs_another_folder(tuples: Path, tmp_path: Path) -> None:
    recipe = small("late", epochs=1)
    make_fusion(recipe, tuple_sides(tuples, recipe), tmp_path, "cpu", None)
    other = small("late", epochs=1, width=16)
    with pytest.raises(UsageError, match="another recipe"):
        make_fusion(other, tuple_sides(tuples, other), tmp_path, "cpu", None)


def test_a_part_of_the_tuples_that_is_missing_is_named(tmp_path: Path) -> None:
    write_part(part(FACE, "train"), tmp_path)
    with pytest.raises(DatasetError, match="no part of label-matched tuples"):
        tuple_sides(tmp_path, small("late"))
