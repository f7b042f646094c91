"""What a paper is made of: the call as one reader may see it, and blocks that a template sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from countenance.surface import words
from countenance.surface.series import Episode, Series

Block = dict[str, Any]
"""`kind`: `head`, `text`, `table`, `curve` or `axis`, and what it holds."""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment of a reviewer."""

    at_us: int
    participant_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Review:
    """A call as one reader may see it."""

    summary: Mapping[str, Any]
    """`io.countenance.summary.v1`, without what is not for this reader."""
    series: Sequence[Series]
    episodes: Sequence[Episode]
    made_at: datetime
    comments: Sequence[Said] = ()
    answers: Sequence[tuple[str, int | None]] = ()
    """The reader's own scorecard."""


def head(text: str, level: int = 1) -> Block:
    """A heading."""
    return {"kind": "head", "level": level, "text": words.capital(text)}


def text(said: str, kind: str = "text") -> Block:
    """A sentence."""
    return {"kind": kind, "text": said}


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], wide: int | None = None) -> Block:
    """A table; `wide`: the column that takes the room that is left."""
    return {
        "kind": "table",
        "caption": caption,
        "columns": list(columns),
        "rows": [list(row) for row in rows],
        "wide": wide,
    }
