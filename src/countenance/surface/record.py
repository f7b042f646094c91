"""Everything that a report says about one call, as plain values that the session fills in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from countenance.contracts.call import TELEMETRY, Call, Modality, Participant
from countenance.contracts.card import Card
from countenance.contracts.media import Missing
from countenance.contracts.telemetry import CallTelemetry
from countenance.contracts.trust import Consent, ConsentStatus, Ruling
from countenance.surface.advised import Advised
from countenance.surface.series import Episode, Series


class Use(StrEnum):
    """What became of one modality of one participant."""

    READ = "read"
    STOPPED = "stopped"
    """Read until consent was withdrawn or ran out."""
    DECLINED = "declined"
    """Asked, and the answer was no."""
    NOT_ASKED = "not_asked"
    """No answer is known; silence is refusal."""
    REFUSED = "refused"
    """The gate prohibits it, whatever the answer."""
    ABSENT = "absent"
    """Permitted, but the recording holds nothing to read."""


@dataclass(frozen=True, slots=True)
class ModalityRecord:
    """One modality of one participant: may it be read, was it read."""

    modality: Modality
    ruling: Ruling
    consents: tuple[Consent, ...] = ()
    """Every answer of this person for this modality, in order of time."""
    present: bool = True
    """False when the recording has no such track."""

    @property
    def use(self) -> Use:
        """What became of it, the strongest reason first."""
        if not self.ruling.allowed:
            return Use.REFUSED
        if not self.consents and self.ruling.duties.consent != "none":
            return Use.NOT_ASKED
        if not self.present:
            return Use.ABSENT
        if not self.consents:
            return Use.READ
        if self.consents[-1].status is ConsentStatus.GIVEN:
            return Use.READ
        given = any(one.status is ConsentStatus.GIVEN for one in self.consents)
        return Use.STOPPED if given else Use.DECLINED

    @property
    def needs_nobody(self) -> bool:
        """True when the ruling asks for no consent; silence is then enough, a refusal still counts."""
        return self.ruling.duties.consent == "none"

    @property
    def stopped_us(self) -> int | None:
        """From when on it was no longer read, if it was read before."""
        return self.consents[-1].at_us if self.use is Use.STOPPED else None


@dataclass(frozen=True, slots=True)
class ParticipantRecord:
    """One person and every modality that was put to the gate."""

    participant: Participant
    modalities: tuple[ModalityRecord, ...]

    @property
    def was_read(self) -> bool:
        """True when a model read at least one modality for some time; counting turns is no reading."""
        return any(one.use in {Use.READ, Use.STOPPED} for one in self.modalities if one.modality != TELEMETRY)


class LineStatus(StrEnum):
    """What was done with one line of the transcript."""

    READ = "read"
    NOT_SCORED = "not scored"
    """Shown, but no model read it."""
    HIDDEN = "not shown: no consent"
    """Neither read nor shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript."""

    participant_id: str
    start_us: int
    end_us: int
    text: str
    """Ignored when the line is hidden; better never filled in."""
    status: LineStatus
    detail: str = ""
    """Why it was not scored, in plain words."""


@dataclass(frozen=True, slots=True)
class AuditState:
    """Where the log stands."""

    path: str
    """The log as files, relative to the report's folder where it lies in it."""
    entries: int
    root: str
    """Root of the tree over all entries: kept elsewhere, it shows that nothing was changed."""
    call_ref: str
    """The random reference of this call in the log."""
    subjects: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The random reference of each participant in the log: a lease `p_1/0` is `<reference>/0` there."""
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Entries of this call per kind (`LEASE`, `RESULT`, `CONSENT`, ...)."""
    verify: str = ""
    """The command that checks the log."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One analysed call."""

    call: Call
    duration_us: int
    participants: tuple[ParticipantRecord, ...]
    taxonomies: Mapping[str, tuple[str, ...]]
    """Labels and dimensions of each taxonomy in the order of its file; the first taxonomy leads the report."""
    series: tuple[Series, ...]
    """`series.read_series(folder / "readings.jsonl")`."""
    episodes: tuple[Episode, ...]
    """`series.read_episodes(folder / "events.jsonl")`."""
    telemetry: CallTelemetry
    gaps: tuple[Missing, ...] = ()
    """Stretches in which a permitted modality gave nothing."""
    transcript: tuple[Line, ...] = ()
    models: tuple[Card, ...] = ()
    """The cards of every bundle that ran, or was loaded to run."""
    policy_pack: str = "builtin"
    jurisdictions: tuple[str, ...] = ()
    audit: AuditState | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Settings worth stating (`frames per second`: `5`); shown as written."""
    processing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Figures of this run (`real-time factor`: `23.4`); shown as written, and not the same from run to run."""
    version: str = ""
    """Version of the product."""
    advised: Advised | None = None
    """What a coach would have been advised; None where nobody asked for it."""

    @property
    def retention_days(self) -> int | None:
        """The shortest retention that any allowing ruling demands; None when nothing was allowed."""
        days = (
            one.ruling.duties.retention_days
            for person in self.participants
            for one in person.modalities
            if one.ruling.allowed
        )
        return min(days, default=None)
