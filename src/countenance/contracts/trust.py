"""What the guards say: rulings, consent, leases, audit entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from countenance.contracts.call import Modality, Purpose, Role


class Effect(StrEnum):
    """A rule allows, denies, or only adds duties to what others allow; silence denies."""

    ALLOW = "allow"
    DENY = "deny"
    REQUIRE = "require"


class Layer(StrEnum):
    """Law before product policy; a deployer may only tighten."""

    LAW = "law"
    PRODUCT = "product"
    DEPLOYER = "deployer"


@dataclass(frozen=True, slots=True)
class Case:
    """The question put to the gate, for one participant and one modality."""

    purpose: Purpose
    role: Role
    modality: Modality
    output: str
    """What would be inferred: `engagement`, `emotion`, `confusion`, ...; `turn_taking` when it is telemetry."""
    consequence: str
    """`individual` (a person reviews it), `aggregate_only`, `solely_automated`."""
    jurisdictions: tuple[str, ...]
    """Where the subject is, where the deployer is, where the output is used; empty means unknown."""
    on: date
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """`minor`, `relation`, `exception_approved`, `required_by_institution`, `issues_certificate`; absent = strict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says about one case."""

    rule_id: str
    layer: Layer
    effect: Effect
    reason: str
    citation: str
    applies_from: date | None = None


CONSENT_KINDS = ("none", "explicit", "express_written", "written_release", "parental_verifiable")
"""Kinds of consent, the weakest first."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What an allowing ruling demands."""

    consent: str = "explicit"
    """One of CONSENT_KINDS."""
    retention_days: int = 30
    names: tuple[str, ...] = ()
    human_role: str | None = None
    aggregate_k: int | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The gate's answer for one participant and one modality: allow or deny."""

    effect: Effect
    case: Case
    verdicts: tuple[Verdict, ...]
    """Every rule that speaks for the effect, law first; never empty."""
    duties: Duties
    policy_digest: str

    @property
    def allowed(self) -> bool:
        """True when the modality may be read, consent still to be checked."""
        return self.effect is Effect.ALLOW


class ConsentStatus(StrEnum):
    """The state of one person's answer."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer of one person, for one modality and one purpose."""

    participant_id: str
    modality: Modality
    purpose: Purpose
    status: ConsentStatus
    at_us: int
    """Media time from which it holds; 0 or less when it was given before the call."""
    receipt_id: str
    version: int = 1
    kind: str = "explicit"
    notice: str = "unstated"


@dataclass(frozen=True, slots=True)
class Lease:
    """Permission to run models on one participant for at most one second; durable before any model runs."""

    id: str
    participant_id: str
    modalities: tuple[Modality, ...]
    start_us: int
    end_us: int
    policy_digest: str
    receipts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One leaf of the tenant's log; its place in the Merkle tree is `seq`."""

    seq: int
    kind: str
    at: str
    """RFC 3339 UTC with microseconds, the log's own clock; the order is that of `seq`."""
    mono_us: int
    """The machine's monotonic clock, suspend included, within one `boot_id`."""
    boot_id: str
    tenant: str
    body: Mapping[str, object]
    """What the entry says, without the fields above."""
    hash: str
    """The leaf hash (RFC 6962), hexadecimal."""
