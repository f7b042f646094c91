"""Stretches in which a permitted modality gave nothing, out of the samples of a call."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from countenance.contracts.call import Modality
from countenance.contracts.media import Missing
from countenance.contracts.readings import Reason

BARRED = (Reason.POLICY.value, Reason.NO_CONSENT.value)

Row = tuple[str, Modality, int, int, str]


def gaps_in(samples: Iterable[Mapping[str, Any]], taxonomy: str) -> tuple[Missing, ...]:
    """By person and modality, in order of time; the samples of one taxonomy say it all."""
    rows = sorted(_rows(samples, taxonomy), key=lambda row: row[:3])
    people = groupby(rows, key=lambda row: row[:2])
    return tuple(gap for _, group in people for gap in _joined(group))


def _rows(samples: Iterable[Mapping[str, Any]], taxonomy: str) -> Iterator[Row]:
    for data in samples:
        if data["taxonomy"] == taxonomy:
            who, window = data["subject"]["participant_id"], data["window"]
            for modality, use in data["modalities"].items():
                if use.get("reason") and use["reason"] not in BARRED:
                    yield who, modality, window["start_us"], window["end_us"], use["reason"]


def _joined(rows: Iterable[Row]) -> Iterator[Missing]:
    open_gap: Missing | None = None
    for who, modality, start_us, end_us, reason in rows:
        if open_gap is not None and open_gap.end_us == start_us and open_gap.reason == reason:
            open_gap = Missing(who, modality, open_gap.start_us, end_us, reason)
            continue
        if open_gap is not None:
            yield open_gap
        open_gap = Missing(who, modality, start_us, end_us, reason)
    if open_gap is not None:
        yield open_gap
