"""MAIA-DQE: real customer-support chats with an emotion per sentence. For evaluation only.

Layout: `Emotion/data/maia/*_a.json`, a list of dialogues of turns, and `*_splits_a.json` with the ids of each official
split. Only customer turns (`floor` inbound) are read, in their machine-translated English (`text_mt`). Source:
Mendonca et al., GEM 2023. Licence CC BY-ND 4.0: no weights are fitted to it and no changed copy is published.

In the store the emotion of a sentence is its hard label and one vote; how many people labelled it the files do not say.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import visible
from countenance.training.datasets.plain_lines import text_of
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

LICENCE = "MAIA-DQE: CC BY-ND 4.0, evaluation only"
EMOTIONS = (
    "empathy", "happiness", "neutral", "disappointment", "confusion", "frustration", "anger", "anxiety",
)  # fmt: skip
_SPLITS = {"train": Split.TRAIN, "val": Split.DEV, "test": Split.TEST}
_AGAIN = "Fetch MAIA-DQE again."


@dataclass(frozen=True, slots=True)
class CustomerSentences:
    """Sentences of customers; sentences of one dialogue belong together when intervals are drawn."""

    texts: tuple[str, ...]
    sources: tuple[str, ...]
    """What the customer wrote, before translation to English."""
    emotion: NDArray[np.int64]
    """Index into EMOTIONS."""
    dialogue: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    source: str
    code: int | None
    """Index into EMOTIONS; None when it was not rated."""
    place: str
    """`3/0`: the first sentence of the fourth turn."""


def read_customers(folder: Path) -> CustomerSentences:
    """Read every rated customer sentence of every dialogue, in the order of the files."""
    texts: list[str] = []
    sources: list[str] = []
    emotion: list[int] = []
    dialogue: list[int] = []
    for number, (_, _, sentences) in enumerate(_dialogues(folder)):
        for sentence in sentences:
            if sentence.code is not None:
                texts.append(sentence.text)
                sources.append(sentence.source)
                emotion.append(sentence.code)
                dialogue.append(number)
    return CustomerSentences(tuple(texts), tuple(sources), np.array(emotion), np.array(dialogue))


def detect(folder: Path) -> bool:
    """Whether the folder holds dialogues where MAIA-DQE has them."""
    return bool(_files(folder))


def read(folder: Path) -> Reading:
    """Every rated customer sentence; its group is the dialogue, its split the official one."""
    splits = _splits(folder)
    rows = []
    unrated = 0
    for path, name, sentences in _dialogues(folder):
        unrated += sum(sentence.code is None for sentence in sentences)
        rows += [
            Row(
                uid=f"{name}/{sentence.place}",
                dataset="maia_dqe",
                split=splits.get(name, Split.UNASSIGNED),
                source=f"{path.name} dialogue {name} turn/sentence {sentence.place}",
                label=EMOTIONS[sentence.code],
                votes={EMOTIONS[sentence.code]: 1.0},
                group_id=name,
                text=sentence.text,
            )
            for sentence in sentences
            if sentence.code is not None
        ]
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), notes=(f"{unrated} customer sentences are not rated", "the English is machine-made"))


def _files(folder: Path) -> list[Path]:
    found = visible((folder / "Emotion" / "data" / "maia").glob("*_a.json"))
    return [path for path in found if "splits" not in path.name]


def _dialogues(folder: Path) -> Iterator[tuple[Path, str, list[_Sentence]]]:
    files = _files(folder)
    if not files:
        raise CORPUS.lacking(folder / "Emotion" / "data" / "maia" / "*_a.json")
    for path in files:
        talks = _json(path)
        for talk in talks if isinstance(talks, list) else [talks]:
            if not isinstance(talk, dict) or not isinstance(talk.get("turns"), list):
                raise DatasetError(f"{path}: a dialogue has no turns", _AGAIN)
            name = str(talk.get("id"))
            yield path, name, _sentences(talk["turns"], f"{path}, dialogue {name}")


def _sentences(turns: list[dict[str, object]], where: str) -> list[_Sentence]:
    found = []
    for number, turn in enumerate(turns):
        if turn.get("floor") != "inbound":
            continue
        texts, sources, codes = (_list(turn, key, where) for key in ("text_mt", "text_src", "Emotion"))
        if not len(texts) == len(sources) == len(codes):
            raise DatasetError(f"{where}, turn {number}: sentences and emotions differ in number", _AGAIN)
        for place, (text, source, code) in enumerate(zip(texts, sources, codes, strict=True)):
            rated = code if isinstance(code, int) and 0 <= code < len(EMOTIONS) else None
            found.append(_Sentence(str(text), str(source), rated, f"{number}/{place}"))
    return found


def _list(turn: dict[str, object], key: str, where: str) -> list[object]:
    if key not in turn:
        raise DatasetError(f"{where}: a customer turn has no {key}", _AGAIN)
    value = turn[key]
    return list(value) if isinstance(value, list) else [value]


def _splits(folder: Path) -> dict[str, Split]:
    found: dict[str, Split] = {}
    for path in visible((folder / "Emotion" / "data" / "maia").glob("*_splits_a.json")):
        named = _json(path)
        if not isinstance(named, dict):
            raise DatasetError(f"{path} does not name the dialogues of each split", _AGAIN)
        for key, names in named.items():
            if key not in _SPLITS:
                raise DatasetError(f"{path}: '{key}' is no split", f"Expected {', '.join(_SPLITS)}.")
            for name in names:
                if found.setdefault(str(name), _SPLITS[key]) is not _SPLITS[key]:
                    raise DatasetError(f"{path}: the dialogue {name} stands in two splits", _AGAIN)
    return found


def _json(path: Path) -> object:
    try:
        return json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path}, line {error.lineno}: not JSON ({error.msg})", _AGAIN) from error


CORPUS = Corpus(
    name="maia_dqe",
    title="MAIA-DQE",
    licence=LICENCE,
    commercial="no",
    requested_at="https://github.com/johndmendonca/MAIA-DQE",
    labels=EMOTIONS,
    detect=detect,
    read=read,
)
