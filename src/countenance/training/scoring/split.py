"""Which rows are judged, and whether anybody in them was trained on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.contracts.card import Card
from countenance.contracts.errors import DatasetError, RefusedError
from countenance.evaluation.leak import NAMED, Identity, Key, refuse, shared
from countenance.evaluation.report import Identities
from countenance.training.datasets.store import Reading, Row, Split

ALL = "all"
CHOSEN = "calibration and thresholds were chosen on dev rows of this corpus, so this is no held-out figure"
LEDGER_NAMES = {"ferplus": ("fer2013", "ferplus")}
"""Corpora whose licence rows in a card are not named like themselves."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows of a corpus by what they are for."""

    judged: tuple[Row, ...]
    dev: tuple[Row, ...]
    train: tuple[Row, ...]


def parts_of(reading: Reading, split: str) -> Parts:
    """The rows of a split, beside those of dev and train; `all` judges every labelled row."""
    rows = [row for row in reading.rows if row.split is not Split.WITHHELD]
    if split == ALL:
        return Parts(tuple(rows), (), ())
    by_split = {one.value: tuple(row for row in rows if row.split is one) for one in Split}
    if not by_split.get(split):
        there = ", ".join(name for name, some in by_split.items() if some)
        raise DatasetError(f"no row stands in the split {split!r}", f"Splits here: {there}; or `{ALL}`.")
    dev = () if split == Split.DEV else by_split[Split.DEV]
    return Parts(by_split[split], dev, () if split == Split.TRAIN else by_split[Split.TRAIN])


def trained_on(card: Card, corpus: str) -> bool:
    """Whether the licence rows of a card name a corpus."""
    return bool({*LEDGER_NAMES.get(corpus, (corpus,))} & set(card.licence.rows))


def check(card: Card, corpus: str, parts: Parts, against: Iterable[Row] = ()) -> Identities:
    """Refuse when somebody who is judged was trained on; what could be compared is said."""
    outside = tuple(against)
    learnt = trained_on(card, corpus)
    open_ = [row for row in parts.judged if row.split in (Split.UNASSIGNED, Split.TRAIN)]
    if learnt and open_ and not parts.train and not outside:
        raise RefusedError(
            f"{card.name} was trained on {corpus}, and these rows are not apart from its training rows: {_some(open_)}",
            "Choose the split that was held out, or another corpus; --show-leak says what the leak is worth.",
        )
    train = (*parts.train, *outside) if learnt or outside else ()
    found = shared(map(identity, train), map(identity, parts.judged)) if train else {}
    refuse(found, f"the training rows of {corpus}" if learnt else "the rows compared with")
    chosen = CHOSEN if learnt and any(row.split is Split.DEV for row in parts.judged) else ""
    note = "; ".join(part for part in (chosen, _words(parts)) if part)
    return Identities(checked_against=_compared(card, corpus, train, learnt=learnt), shared=0, note=note)


def identity(row: Row) -> Identity:
    """The person, the dialogue and the bytes of a row."""
    named: list[Key] = []
    if row.subject_id:
        named.append(("subject", row.subject_id))
    if row.group_id:
        named.append(("group", row.group_id))
    named += [("media", _digest(path)) for path in (row.face_path, row.audio_path) if path and path.is_file()]
    return Identity(row.uid, frozenset(named))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compared(card: Card, corpus: str, train: Sequence[Row], *, learnt: bool) -> str:
    if train:
        return f"people, dialogues and media bytes of {len(train)} training rows"
    if learnt:
        return f"nothing: the training rows of {corpus} are not at hand; its own split was kept"
    return f"nothing: the card of {card.name} does not name {corpus}"


def _words(parts: Parts) -> str:
    """Texts that stand on both sides word for word: said, not refused, for short sentences recur by chance."""
    known = {row.text for row in parts.train if row.text}
    twice = sum(row.text in known for row in parts.judged if row.text)
    return f"{twice} of {len(parts.judged)} texts stand in training word for word" if twice else ""


def _some(rows: Sequence[Row]) -> str:
    names = sorted({row.subject_id or row.group_id or row.uid for row in rows})
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
