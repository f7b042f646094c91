"""A document as plain values: sections of parts of blocks. What it looks like is for `markdown` and `html` to say."""

from dataclasses import dataclass

TO_BE_FILLED = "TO BE FILLED BY THE OPERATOR"


@dataclass(frozen=True, slots=True)
class Code:
    """A name that is spelt exactly so, such as a hash or a metric."""

    words: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What only an operator can say, and has not said."""

    key: str
    why: str


Said = str | Code | Missing


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms and what holds of them."""

    rows: tuple[tuple[str, Said], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a title; the first column names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Said, ...], ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A number with its interval; None where too little is there to say."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    note: str = ""

    @property
    def interval(self) -> str:
        """`0.571 to 0.656`, or nothing."""
        return "" if self.low is None or self.high is None else f"{self.low:.3f} to {self.high:.3f}"


@dataclass(frozen=True, slots=True)
class Bands:
    """Numbers of one metric that are to be compared, in the order they are to be read."""

    title: str
    metric: str
    rows: tuple[Band, ...]
    whole: float | None = None
    """The same metric over everybody."""


Block = Words | Items | Facts | Sheet | Bands


@dataclass(frozen=True, slots=True)
class Part:
    """A titled stretch of a section."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One point of the documentation."""

    number: int
    title: str
    point: str
    """Which point of the law it follows."""
    parts: tuple[Part, ...]

    @property
    def anchor(self) -> str:
        """The name by which links reach it."""
        return f"section-{self.number}"


@dataclass(frozen=True, slots=True)
class Document:
    """A whole card."""

    title: str
    summary: str
    notice: tuple[str, ...]
    glance: tuple[Block, ...]
    """What a hurried reader needs, before the sections."""
    sections: tuple[Section, ...]
    missing: tuple[Missing, ...] = ()
    """Every field that is still open, in the order of the document."""
    kind: str = "Model card and technical documentation"
    foot: str = "Written by Countenance out of the bundle's own files."
