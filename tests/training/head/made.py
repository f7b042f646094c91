"""Windows of nobody: each label leans the numbers of every modality a little, each person a little more."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from countenance.aggregation.taxonomy import EventRule, Label, Taxonomy
from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.card import Card, Licence
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Abstain, ModelRef, Observation, Reason, Window
from countenance.training.datasets.store import Split
from countenance.training.head.publish import Published, publish
from countenance.training.windows.labelled import LabelledWindow

MODALITIES = (FACE, VOICE, TEXT)
WIDTHS = {FACE: 6, VOICE: 5, TEXT: 8}
LABELS = ("calm", "lost", "cross")
SHA = {modality: f"{number}" * 64 for number, modality in enumerate(MODALITIES, start=1)}
LEAN = np.random.default_rng(99).standard_normal((len(LABELS), 3, 8))


def window(
    label: int | None, modalities: Iterable[Modality] = MODALITIES, seed: int = 0, at: int = 0, strength: float = 1.5
) -> Window:
    """One second; without a label its numbers lean nowhere."""
    rng = np.random.default_rng([seed, at])
    there = tuple(modalities)
    seen = tuple(_observation(rng, modality, label, strength) for modality in MODALITIES if modality in there)
    silent = {m: Abstain(Reason.SILENCE) for m in MODALITIES if m not in there}
    return Window("p_1", at * SECOND_US, (at + 1) * SECOND_US, seen, silent)


def _observation(rng: np.random.Generator, modality: Modality, label: int | None, strength: float) -> Observation:
    lean = np.zeros(8) if label is None else LEAN[label, MODALITIES.index(modality)] * strength
    shares = rng.dirichlet(np.ones(len(EMOTIONS)))
    return Observation(
        participant_id="p_1",
        modality=modality,
        start_us=0,
        end_us=SECOND_US,
        quality=float(rng.uniform(0.5, 1.0)),
        scores=dict(zip(EMOTIONS, map(float, shares), strict=True)),
        dimensions={"arousal": float(np.tanh(lean[0] + rng.normal()))},
        cues={f"{modality}_cue": float(lean[1] + rng.normal())},
        model=ModelRef(f"{modality}-made", "v1", SHA[modality]),
        embedding=(lean[: WIDTHS[modality]] + rng.standard_normal(WIDTHS[modality])).astype(np.float32),
    )


def labelled(
    people: int = 6,
    stretches: int = 9,
    seconds: int = 3,
    strength: float = 1.5,
    votes: Sequence[Mapping[str, float]] | None = None,
    split: Split = Split.UNASSIGNED,
    name: str = "person",
) -> list[LabelledWindow]:
    """Every person goes through the labels in turn; two of three raters agree with the script."""
    found = []
    for person in range(people):
        for stretch in range(stretches):
            label = stretch % len(LABELS)
            own = {LABELS[label]: 2.0, LABELS[(label + 1) % len(LABELS)]: 1.0} if votes is None else votes[label]
            for second in range(seconds):
                at = stretch * seconds + second
                who = f"{name} {person}"
                one = window(label, seed=hash_of(who), at=at, strength=strength)
                found.append(LabelledWindow(one, f"{who} {stretch}", who, f"call of {who}", split, own, 3))
    return found


def hash_of(name: str) -> int:
    """The same number for the same name in every process."""
    return int(sum(ord(letter) * 31**place for place, letter in enumerate(name)) % 100_003)


def cards() -> dict[str, Card]:
    """Cards of the nets that made windows speak of."""
    return {f"{m}-made.v1": _card(m) for m in MODALITIES}


def _card(modality: Modality) -> Card:
    licence = Licence("Apache-2.0", "Apache-2.0", "none", commercial=True, notice="made", rows=("countenance",))
    files = {"model.onnx": SHA[modality]}
    outputs = {"scores": tuple(EMOTIONS)}
    return Card(f"{modality}-made", "v1", modality, "emotion", "made", outputs, licence, {}, {}, {}, (), (), files)


def taxonomy(name: str = "made-states", labels: Sequence[str] = LABELS) -> Taxonomy:
    """Labels without anything behind them, and one event."""
    event = EventRule(name="cross_spike", label="cross", enter=0.6, leave=0.4, hold_s=2)
    return Taxonomy(
        name=name, outputs=("engagement",), label=tuple(Label(name=label) for label in labels), event=(event,)
    )


def head_bundle(folder: Path, windows: Sequence[LabelledWindow] | None = None) -> Published:
    """A trained head in a folder."""
    return publish(windows or labelled(), taxonomy(), cards(), folder)
