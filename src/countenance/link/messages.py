"""What the two planes say to each other. Times are microseconds: media time since call start, or monotonic (`mono`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from countenance.contracts.call import Call, Modality
from countenance.contracts.media import Utterance
from countenance.contracts.readings import Event, Signal
from countenance.contracts.trust import Consent, Lease, Ruling


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who is on the call now, and what the gate said of them."""

    call_id: str
    call: Call
    rulings: tuple[tuple[str, Ruling], ...]
    """Participant and ruling; each replaces what was said of that participant and modality before."""
    known_as: tuple[tuple[str, str], ...] = ()
    """Participant, and the deployment's own id of them, by which its media server knows them too."""
    paused: tuple[str, ...] = ()
    """Participants of whom nothing is read until they resume."""


@dataclass(frozen=True, slots=True)
class Host:
    """Tap this call and read what is permitted."""

    admitted: Admitted
    consents: tuple[Consent, ...]
    source: Mapping[str, Any]
    """The table of the connector; its `kind` names which."""
    taxonomies: tuple[str, ...]
    recipe: str
    """Which of the recipes that the worker was started with."""
    media_us: int = 0
    """How far the call had come when another worker lost it."""
    coached: bool = False
    """Whether who speaks, and what is read of their words, is told with every window."""
    noes: tuple[tuple[str, Modality], ...] = ()
    """Participant and modality of each no that the disk does not have yet; the yes before it is among the consents."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A person answered; a no holds at once, a yes from the next window on."""

    call_id: str
    consent: Consent


@dataclass(frozen=True, slots=True)
class Stop:
    """A person's no, said before the disk has it: nothing more of this modality is decoded or read."""

    call_id: str
    participant_id: str
    modality: Modality


@dataclass(frozen=True, slots=True)
class HangUp:
    """Leave the call: results are written, then `Left` is said."""

    call_id: str
    reason: str = "hang_up"


@dataclass(frozen=True, slots=True)
class Signalling:
    """Something for the call's connector: an offer, a change or the end of a publication."""

    call_id: str
    verb: str
    table: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """Words that a client or a service hands in for a participant."""

    call_id: str
    participant_id: str
    start_us: int | None
    """None: they ended just now."""
    end_us: int | None
    text: str
    confidence: float | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A worker asks for the leases of a window."""

    call_id: str
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Granted:
    """Leases, durable; the worker counts their second from before it asked."""

    leases: tuple[Lease, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What ran under one lease."""

    lease: Lease
    counts: Mapping[Modality, int]
    dropped: Mapping[Modality, int]
    """Of modalities that were stopped meanwhile."""
    payload: str
    """What the result commits to: JSON."""


@dataclass(frozen=True, slots=True)
class Done:
    """A window is over: what came of its leases, and the readings that may leave once that is durable."""

    call_id: str
    finished: tuple[Finished, ...]
    readings: tuple[Signal | Event, ...]
    packet_mono_us: Mapping[str, int] = field(default_factory=dict)
    """When the last packet that the readings of a participant stand on had arrived."""
    talk: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """When each person spoke in it whose voice was read; only of calls that are coached, as are the words."""
    words: tuple[Utterance, ...] = ()
    """What was read of what they said."""
    floor: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """When each person spoke in it of whom the media server says so, read or not; only of calls that are coached."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A lease gives no output."""

    call_id: str
    lease: Lease
    reason: str
    counts: Mapping[Modality, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Left:
    """The worker has left a call, or lost its media."""

    call_id: str
    media_us: int
    reason: str
    problem: str | None = None
    """What went wrong, when it was not a hang-up."""
    spoke: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """When each person spoke whose voice was read: half-open stretches."""
    words: tuple[Utterance, ...] = ()
    """What was read of what they said."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has loaded its models."""

    models: Mapping[str, str]
    """sha256 by name."""


@dataclass(frozen=True, slots=True)
class Load:
    """How a worker is doing, once a second."""

    cpu_share: float
    """Of one core, over the last second."""
    rss_bytes: int
    calls: Mapping[str, Mapping[str, Any]]
    """By call: tracks, who is subscribed, decoded and dropped counts by reason."""
    stage_us: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """How long each call of a stage took, in microseconds, since it was said last."""


@dataclass(frozen=True, slots=True)
class Ok:
    """It was done; `table` holds the answer where there is one."""

    table: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """It was not done; the same error is raised at the other end."""

    error: str
    """The name of a class of `contracts.errors`."""
    problem: str
    remedy: str


Message = (
    Admitted
    | Host
    | Answered
    | Stop
    | HangUp
    | Signalling
    | Said
    | Ask
    | Granted
    | Done
    | Closed
    | Left
    | Ready
    | Load
    | Ok
    | Failed
)
