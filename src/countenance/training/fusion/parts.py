"""One modality's side of label-matched tuples: what the real encoders said of real media, drawn worse in named ways.

A part is one modality, one side of the split, one condition. Its items are labelled pictures, clips or texts; each
holds the observations of one second, or the reason for none.
"""

import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SECOND_US, Missing, Sample
from countenance.contracts.readings import Abstain, Observation, Reason
from countenance.contracts.stages import Encoder

CLEAN = "clean"
CONDITIONS: Mapping[Modality, tuple[str, ...]] = {
    FACE: (CLEAN, "occlusion", "low_light"),
    VOICE: (CLEAN, "packet_loss", "noise"),
    TEXT: (CLEAN, "words_lost"),
}
SIDES = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, clip or text."""

    id: str
    label: str
    """One of EMOTIONS."""
    cluster: str
    """What must not be torn apart: the picture, the actor, the comment."""
    observations: tuple[Observation, ...]
    """What was said of it in its second; times count from the start of that second."""
    missing: Abstain | None = None
    """Why nothing was said."""


@dataclass(frozen=True, slots=True)
class Part:
    """All items of one modality, side and condition."""

    modality: Modality
    side: str
    condition: str
    items: tuple[Item, ...]
    models: Mapping[str, str] = field(default_factory=dict)
    """sha256 of every network that spoke, by bundle."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Share of each label where the items come from, before rare ones were favoured; empty where it means nothing."""

    @property
    def name(self) -> str:
        """The file's stem."""
        return f"{self.modality}-{self.side}-{self.condition}"


_PART = TypeAdapter(list[Part], config=ConfigDict(arbitrary_types_allowed=True))


def write_part(part: Part, folder: Path) -> None:
    """Write a part, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{part.name}.draft"
    draft.write_bytes(gzip.compress(_PART.dump_json([part]), compresslevel=4, mtime=0))
    draft.replace(folder / f"{part.name}.json.gz")


def read_part(folder: Path, modality: Modality, side: str, condition: str) -> Part:
    """Read a part."""
    path = folder / f"{modality}-{side}-{condition}.json.gz"
    try:
        return _PART.validate_json(gzip.decompress(path.read_bytes()))[0]
    except (OSError, EOFError, ValidationError) as error:
        raise DatasetError(
            f"{path}: no part of label-matched tuples ({error})", "Make them with `countenance data tuples`."
        ) from error


def read_side(folder: Path, side: str) -> dict[tuple[Modality, str], Part]:
    """Every part of one side of the tuples."""
    return {(m, c): read_part(folder, m, side, c) for m, conditions in CONDITIONS.items() for c in conditions}


def models_of(parts: Iterable[Part]) -> dict[str, str]:
    """sha256 of every network that spoke in these parts."""
    return {name: digest for part in parts for name, digest in part.models.items()}


def by_condition(
    modality: Modality,
    side: str,
    rows: Iterable[Sequence[Item]],
    models: Mapping[str, str],
    rates: Mapping[str, float] | None = None,
) -> list[Part]:
    """Parts out of items that come once for each condition, in the order of CONDITIONS."""
    kept = list(rows)
    return [
        Part(modality, side, condition, tuple(row[place] for row in kept), models, rates or {})
        for place, condition in enumerate(CONDITIONS[modality])
    ]


def rates_of(labels: Sequence[str]) -> dict[str, float]:
    """Share of each label."""
    return {label: labels.count(label) / len(labels) for label in sorted(set(labels))}


def said(
    encoder: Encoder, samples: Sequence[Sample], missing: Sequence[Missing]
) -> tuple[tuple[Observation, ...], Abstain | None]:
    """What an encoder says of the samples of one second, with times inside that second, or why there is nothing."""
    seen = encoder.encode(samples) if samples else ()
    heard = tuple(_slim(observation) for observation in seen if observation.abstain is None)
    if heard:
        return heard, None
    silent = next((o.abstain for o in seen if o.abstain is not None), None)
    if silent is None:
        silent = Abstain(Reason(missing[0].reason) if missing else Reason.SILENCE)
    return (), silent


def _slim(seen: Observation) -> Observation:
    """Without what no fusion reads here: cues and embedding; ended words and voice end with the second."""
    if seen.modality == FACE:
        return replace(seen, cues={}, embedding=None)
    return replace(seen, cues={}, embedding=None, start_us=0, end_us=SECOND_US)
