"""The values around a lease: its terms, what ran under it, and the result that ends it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from countenance.contracts.call import Modality
from countenance.contracts.readings import Prediction
from countenance.contracts.trust import Lease, LogEntry


@dataclass(frozen=True, slots=True)
class Terms:
    """What every lease of a call says beside whom and what it covers."""

    model_digests: tuple[str, ...] = ()
    limit: int = 100
    """Model calls per modality, at most."""
    valid_us: int | None = 1_000_000
    """Real time for which a worker may use it; None where a recording is read and nobody can change their mind."""
    retention_us: int | None = None
    """How long what comes of it is kept."""


USUAL = Terms()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something that leaves the process because of a result."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ran under a lease."""

    lease: Lease
    counts: Mapping[Modality, int]
    """Samples read per modality."""
    payload: bytes
    """What came out; only a commitment to it enters the log."""
    events: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The durable entry, and where its payload is sealed with the salt that opens the commitment."""

    entry: LogEntry
    payload_id: str


def payload(prediction: Prediction) -> bytes:
    """What a result entry commits to, and a person is shown on request: the prediction's numbers as JSON."""
    tables = {"scores": prediction.scores, "dimensions": prediction.dimensions, "cues": prediction.cues}
    numbers = {name: {key: round(table[key], 6) for key in table} for name, table in tables.items()}
    span = {"participant": prediction.participant_id, "start_us": prediction.start_us, "end_us": prediction.end_us}
    return json.dumps(span | numbers, sort_keys=True, separators=(",", ":")).encode()
