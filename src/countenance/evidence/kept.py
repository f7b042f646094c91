"""What a store says of itself, as counts and findings: nothing here names a person."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decided:
    """How often the gate decided one way about one kind of case."""

    purpose: str
    role: str
    modality: str
    decision: str
    rule_ids: tuple[str, ...]
    n: int


@dataclass(frozen=True, slots=True)
class Answers:
    """How many answers of one kind there are."""

    modality: str
    purpose: str
    status: str
    n: int


@dataclass(frozen=True, slots=True)
class Shown:
    """How many answers rest on one notice."""

    notice: str
    language: str
    n: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The log and the ledger in numbers."""

    tenant: str
    origin: str
    size: int
    root: str
    """Hexadecimal root hash of the whole tree."""
    checkpoint: str
    """The signed note."""
    first: str | None
    """RFC 3339 UTC of the first entry."""
    last: str | None
    kinds: Mapping[str, int]
    findings: tuple[str, ...]
    """What verification found wrong; empty when it holds."""
    answers: tuple[Answers, ...] = ()
    shown: tuple[Shown, ...] = ()
    decided: tuple[Decided, ...] = ()
