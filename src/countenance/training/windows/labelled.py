"""A labelled window, and which windows of a recording belong to which labelled stretch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from countenance.contracts.errors import DatasetError
from countenance.contracts.readings import Window
from countenance.training.datasets.store import Row, Split


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """One second of one person, with what people said of the stretch that it lies in."""

    window: Window
    stretch: str
    """The uid of the labelled stretch."""
    subject: str
    call: str
    split: Split
    votes: Mapping[str, float]
    raters: float
    """How many people looked; never fewer than the votes of the commonest label."""
    dimensions: Mapping[str, float] = field(default_factory=dict)
    demographics: Mapping[str, str] = field(default_factory=dict)
    self_reported: bool = False

    @property
    def id(self) -> str:
        """The stretch and the second."""
        return f"{self.stretch}#{self.window.start_us}"


def label_windows(windows: Sequence[Window], rows: Iterable[Row]) -> Iterator[LabelledWindow]:
    """The windows whose middle lies in a labelled stretch; a stretch that holds no middle takes the window around it.

    A row without times is the whole recording. Rows need a subject; votes of a row without any are its label.
    """
    for row in rows:
        for window in _inside(windows, row):
            votes = dict(row.votes) or ({row.label: 1.0} if row.label else {})
            yield LabelledWindow(
                window=window,
                stretch=row.uid,
                subject=_subject(row),
                call=row.group_id or row.uid,
                split=row.split,
                votes=votes,
                raters=_raters(row.raters, votes),
                dimensions=row.dimensions,
                demographics=row.demographics,
                self_reported=row.self_reported,
            )


def groups_of(windows: Sequence[LabelledWindow]) -> list[str]:
    """Per window the group that may not be torn apart: people and calls that hang together, named after a person."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = name = parent[parent[name]]
        return name

    for labelled in windows:
        # The person's name first, so that a group of one person and many calls is called after the person.
        one, other = sorted((root(f"subject {labelled.subject}"), root(f"call {labelled.call}")), reverse=True)
        parent[other] = one
    return [root(f"subject {labelled.subject}") for labelled in windows]


def _inside(windows: Sequence[Window], row: Row) -> list[Window]:
    if row.start_us is None or row.end_us is None:
        return list(windows)
    start_us, end_us = row.start_us, row.end_us
    found = [w for w in windows if start_us <= (w.start_us + w.end_us) // 2 < end_us]
    middle = (start_us + end_us) // 2
    return found or [w for w in windows if w.start_us <= middle < w.end_us]


def _raters(stated: int, votes: Mapping[str, float]) -> float:
    """How many people looked; where nobody says, as many as votes were given."""
    return max(float(stated), *votes.values(), 0.0) if stated else sum(votes.values())


def _subject(row: Row) -> str:
    if row.subject_id is None:
        raise DatasetError(f"{row.uid} names no person ({row.source})", "Fill the column subject_id.")
    return row.subject_id
