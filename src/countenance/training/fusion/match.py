"""Label-matched tuples: a face, a voice and words of the same label, from different people and occasions.

The modalities know nothing of each other beyond the label, so what is measured on tuples shows that the machinery
works. It is never multimodal accuracy, and every table and card that rests on it says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Abstain, Observation, Window
from countenance.training.fusion.parts import Item, Part

WARNING = "Label-matched tuples, not multimodal accuracy"
EXPLAINED = (
    f"{WARNING}: a face, a voice and words of the same label come from different people and occasions, so the "
    "modalities are independent given the label by construction. This shows that the machinery works, nothing more."
)
READ = (FACE, VOICE, TEXT)


@dataclass(frozen=True, slots=True)
class Matched:
    """n tuples: which item of each modality."""

    rows: NDArray[np.int64]
    """n x 3, indices into the items of face, voice and words."""
    labels: tuple[str, ...]

    def __len__(self) -> int:
        """How many tuples there are."""
        return len(self.rows)


def match(parts: Mapping[Modality, Part], each: int, seed: int) -> Matched:
    """Every clip of voice `each` times with another face and other words; all of these in turn before any again."""
    random = np.random.default_rng(seed)
    piles = {m: {label: _piled(parts[m].items, label, random) for label in EMOTIONS} for m in (FACE, TEXT)}
    rows, labels = [], []
    for at, item in enumerate(parts[VOICE].items * each):
        found = []
        for m in (FACE, TEXT):
            pile = piles[m][item.label]
            if not pile:
                raise DatasetError(f"no {m} item of {parts[m].side} says {item.label}", "Take a larger corpus.")
            pile.append(pile.pop(0))
            found.append(pile[-1])
        rows.append((found[0], at % len(parts[VOICE].items), found[1]))
        labels.append(item.label)
    return Matched(np.array(rows), tuple(labels))


def _piled(items: Sequence[Item], label: str, random: np.random.Generator) -> list[int]:
    own = [at for at, item in enumerate(items) if item.label == label]
    return [own[at] for at in random.permutation(len(own))]


def windows(
    matched: Matched, parts: Mapping[Modality, Part], keep: Sequence[Modality] = READ, every: int = 1
) -> list[Window]:
    """The tuples as windows; modalities that are not kept are silent, and of the frames every so-many-th is seen."""
    made = []
    for row in matched.rows.tolist():
        seen: list[Observation] = []
        missing: dict[Modality, Abstain] = {}
        for modality, at in zip(READ, row, strict=True):
            item = parts[modality].items[at]
            if modality not in keep:
                continue
            seen += item.observations[::every] if modality == FACE else item.observations
            if item.missing is not None:
                missing[modality] = item.missing
        made.append(Window("p_1", 0, SECOND_US, tuple(seen), missing))
    return made


def clusters(matched: Matched, parts: Mapping[Modality, Part]) -> dict[str, NDArray[np.str_]]:
    """Per modality what must not be torn apart, one name per tuple: picture, actor, comment."""
    return {m: np.array([parts[m].items[at].cluster for at in matched.rows[:, place]]) for place, m in enumerate(READ)}
