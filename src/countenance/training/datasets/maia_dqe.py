"""MAIA-DQE: real customer-support chats with an emotion per sentence. For evaluation only.

Layout: `Emotion/data/maia/*_a.json`, a list of dialogues of turns. Only customer turns (`floor` inbound) are read, in
their machine-translated English (`text_mt`). Source: Mendonca et al., GEM 2023. Licence CC BY-ND 4.0: no weights are
fitted to it and no changed copy is published.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError

LICENCE = "MAIA-DQE: CC BY-ND 4.0, evaluation only"
EMOTIONS = (
    "empathy", "happiness", "neutral", "disappointment", "confusion", "frustration", "anger", "anxiety",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomerSentences:
    """Sentences of customers; sentences of one dialogue belong together when intervals are drawn."""

    texts: tuple[str, ...]
    sources: tuple[str, ...]
    """What the customer wrote, before translation to English."""
    emotion: NDArray[np.int64]
    """Index into EMOTIONS."""
    dialogue: NDArray[np.int64]


def read_customers(folder: Path) -> CustomerSentences:
    """Read every rated customer sentence of every dialogue, in the order of the files."""
    place = folder / "Emotion" / "data" / "maia"
    files = sorted(place.glob("*_a.json"))
    files = [path for path in files if "splits" not in path.name]
    if not files:
        raise DatasetError(f"{place}/*_a.json is missing", "Point to a folder that holds MAIA-DQE.")
    texts: list[str] = []
    sources: list[str] = []
    emotion: list[int] = []
    dialogue: list[int] = []
    count = 0
    for path in files:
        for talk in json.loads(path.read_text(encoding="utf-8")):
            for text, source, label in _sentences(talk["turns"]):
                texts.append(text)
                sources.append(source)
                emotion.append(label)
                dialogue.append(count)
            count += 1
    return CustomerSentences(tuple(texts), tuple(sources), np.array(emotion), np.array(dialogue))


def _sentences(turns: list[dict[str, object]]) -> list[tuple[str, str, int]]:
    found = []
    for turn in turns:
        if turn["floor"] != "inbound":
            continue
        rows = zip(_list(turn, "text_mt"), _list(turn, "text_src"), _list(turn, "Emotion"), strict=True)
        for text, source, label in rows:
            if isinstance(label, int) and 0 <= label < len(EMOTIONS):
                found.append((str(text), str(source), label))
    return found


def _list(turn: dict[str, object], key: str) -> list[object]:
    value = turn[key]
    return list(value) if isinstance(value, list) else [value]
