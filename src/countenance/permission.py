"""May this modality of this person be read at this moment? One answer out of policy and consent, and its leases."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from countenance.audit.leases import Leases
from countenance.audit.outcome import Outcome
from countenance.audit.permission import Request
from countenance.consent.register import Register
from countenance.contracts.call import TELEMETRY, Call, Modality
from countenance.contracts.readings import Abstain, Reading, Reason
from countenance.contracts.trust import Consent, ConsentStatus, Lease, Ruling

PAUSED = "paused"
"""Why nothing is read of somebody who has paused."""
STOPPED = "stopped"
"""Why nothing is read of somebody whose no was heard a moment ago."""


class Permissions:
    """The rulings and consents of one call, asked together."""

    def __init__(
        self, call: Call, rulings: Mapping[tuple[str, Modality], Ruling], register: Register, read: Iterable[Modality]
    ) -> None:
        self.call = call
        self.rulings = rulings
        self.register = register
        self.modalities = tuple(sorted(set(read) - {TELEMETRY}))
        self.paused: frozenset[str] = frozenset()
        """Who wants nothing read until they say otherwise; their answers stand."""
        self.stopped: set[tuple[str, Modality]] = set()
        """Noes that were heard before their answers are here; they hold until a lease says otherwise."""

    def ruling(self, participant_id: str, modality: Modality) -> Ruling | None:
        """The gate's answer, or None when it was never asked."""
        return self.rulings.get((participant_id, modality))

    def allowed(self, participant_id: str) -> tuple[Modality, ...]:
        """The modalities that law and charter allow, consent aside."""
        found = {m: self.ruling(participant_id, m) for m in self.modalities}
        return tuple(m for m, ruling in found.items() if ruling is not None and ruling.allowed)

    def barred(self, participant_id: str, modality: Modality, at_us: int) -> Abstain | None:
        """None when it may be read; otherwise why not, law before consent."""
        ruling = self.ruling(participant_id, modality)
        if ruling is None or not ruling.allowed:
            return Abstain(Reason.POLICY, ruling.verdicts[0].citation if ruling else "no rule speaks")
        if participant_id in self.paused:
            return Abstain(Reason.NO_CONSENT, PAUSED)
        if self.register.permits(participant_id, modality, at_us, ruling.duties):
            stopped = (participant_id, modality) in self.stopped
            return Abstain(Reason.NO_CONSENT, STOPPED) if stopped else None
        consent = self.register.current(participant_id, modality, at_us)
        if consent is None:
            return Abstain(Reason.NO_CONSENT, "not given")
        if consent.status is ConsentStatus.GIVEN:
            return Abstain(Reason.NO_CONSENT, f"given as {consent.kind}, the law here asks for {ruling.duties.consent}")
        return Abstain(Reason.NO_CONSENT, consent.status.value)

    def readable(self, participant_id: str, at_us: int) -> tuple[Modality, ...]:
        """The modalities that may be read at this moment."""
        return tuple(m for m in self.modalities if self.barred(participant_id, m, at_us) is None)

    def counts(self, participant_id: str, at_us: int) -> bool:
        """Whether it may be counted when this person speaks: an objection ends it, and a law may ask for more."""
        ruling = self.ruling(participant_id, TELEMETRY)
        if ruling is None or not ruling.allowed:
            return False
        return self.register.permits(participant_id, TELEMETRY, at_us, ruling.duties)

    def ever(self, participant_id: str, modalities: Iterable[Modality]) -> bool:
        """Whether any of these may be read at any time of the call."""
        moments = {0, *(record.at_us for record in self.register.records)}
        return any(self.barred(participant_id, m, at) is None for m in modalities for at in moments)

    def consents(self, participant_id: str, modalities: Iterable[Modality], at_us: int) -> tuple[Consent, ...]:
        """The records that stand behind these modalities."""
        found = (self.register.current(participant_id, m, at_us) for m in modalities)
        return tuple(record for record in found if record is not None)


class Guard(Protocol):
    """Whoever a session asks before it reads, and tells what came of it."""

    async def grant(self, start_us: int, end_us: int) -> Sequence[Lease]:
        """A durable lease for everyone of whom anything may be read; nothing is read of anybody else."""
        ...

    def check(self, lease: Lease, modality: Modality) -> None:
        """Before models run on a modality; raises RefusedError where the lease does not cover that (any more)."""
        ...

    async def results(self, outcomes: Sequence[Outcome], readings: Sequence[Reading], span_us: tuple[int, int]) -> None:
        """End the leases of a window with what came of them; readings leave only after this is durable."""
        ...

    async def close(self, lease: Lease, reason: str) -> None:
        """End a lease that gives no output."""
        ...

    def answered(self, consent: Consent) -> None:
        """A person changed an answer during the call."""
        ...


class DirectGuard:
    """Leases from the log of this process: what reads is what asks."""

    def __init__(self, permissions: Permissions, leases: Leases) -> None:
        self._permissions = permissions
        self._leases = leases

    async def grant(self, start_us: int, end_us: int) -> Sequence[Lease]:
        """One lease per participant of whom anything may be read at the start of the window."""
        requests = []
        for participant in self._permissions.call.participants:
            who = participant.id
            if modalities := self._permissions.readable(who, start_us):
                rulings = {m: self._permissions.rulings[who, m] for m in modalities}
                consents = {c.modality: c for c in self._permissions.consents(who, modalities, start_us)}
                requests.append(Request(who, modalities, start_us, end_us, rulings, consents))
        return self._leases.grant_all(requests)

    def check(self, lease: Lease, modality: Modality) -> None:
        """The session reads only what its lease names, and nobody can take it back between two lines of it."""

    async def results(
        self,
        outcomes: Sequence[Outcome],
        readings: Sequence[Reading],  # noqa: ARG002
        span_us: tuple[int, int],  # noqa: ARG002
    ) -> None:
        """Result entries with their payloads, on the disk."""
        self._leases.results(outcomes)

    async def close(self, lease: Lease, reason: str) -> None:
        """End a lease that gives no output."""
        self._leases.close(lease, reason)

    def answered(self, consent: Consent) -> None:
        """Log the answer."""
        self._leases.answered(consent)
