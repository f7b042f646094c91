"""Leases: no model runs on a person without one, and no output leaves without the result that ends it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes

from countenance.audit.chain_entries import commitment
from countenance.audit.chain_log import AuditLog, Draft
from countenance.audit.permission import Request, lease_for
from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import AuditEntry, Consent, ConsentStatus, Lease, Ruling

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ran under a lease."""

    lease: Lease
    counts: Mapping[Modality, int]
    """Samples read per modality."""
    payload: bytes
    """What came out; only a commitment to it enters the log."""


@dataclass(frozen=True, slots=True)
class Result:
    """The durable entry, and the salt that opens its commitment; keep the salt with the payload, never in the log."""

    entry: AuditEntry
    salt: bytes


def random_salt() -> bytes:
    """32 random bytes."""
    return token_bytes(SALT_BYTES)


class Leases:
    """The leases of one call."""

    def __init__(self, log: AuditLog, call_ref: str, salts: Callable[[], bytes] = random_salt) -> None:
        self._log = log
        self._call = call_ref
        self._salts = salts
        self._open: dict[str, Lease] = {}
        self._stopped = _stops(log.recovered, call_ref)
        self._barred: set[tuple[str, Modality]] = set()
        lost = _unfinished(log.recovered, call_ref)
        log.append_all(("RECOVERY", {"call_ref": call_ref, "lease": name, "reason": "interrupted"}) for name in lost)

    def grant(
        self,
        participant_id: str,
        modalities: Sequence[Modality],
        start_us: int,
        end_us: int,
        rulings: Mapping[Modality, Ruling],
        consents: Mapping[Modality, Consent],
    ) -> Lease:
        """A lease that is on the disk when it returns; raises RefusedError where law or consent is missing."""
        return self.grant_all([Request(participant_id, tuple(modalities), start_us, end_us, rulings, consents)])[0]

    def grant_all(self, requests: Iterable[Request]) -> Sequence[Lease]:
        """Leases for several people with one wait for the disk: all of them, or none."""
        leases: list[Lease] = []
        for request in requests:
            lease = lease_for(request, self._stopped)
            if lease.id in self._open or any(lease.id == other.id for other in leases):
                raise AuditError(f"the lease {lease.id} is already open", "End it with a result before the next.")
            leases.append(lease)
        self._log.append_all(("LEASE", self._lease_body(lease)) for lease in leases)
        self._open.update((lease.id, lease) for lease in leases)
        return tuple(leases)

    def result(self, lease: Lease, counts: Mapping[Modality, int], payload: bytes) -> Result:
        """End a lease with what came of it; on the disk when it returns."""
        return self.results([Outcome(lease, counts, payload)])[0]

    def results(self, outcomes: Iterable[Outcome]) -> Sequence[Result]:
        """End several leases with one wait for the disk: all of them, or none."""
        salts: list[bytes] = []
        drafts: list[Draft] = []
        ended: list[str] = []
        for outcome in outcomes:
            self._check_outcome(outcome, ended)
            salts.append(self._salts())
            commit = commitment(salts[-1], outcome.payload)
            body = self._span(outcome.lease) | {"counts": dict(outcome.counts), "payload_commit": commit}
            drafts.append(("RESULT", body))
            ended.append(outcome.lease.id)
        entries = self._log.append_all(drafts)
        for name in ended:
            self._end(name)
        return tuple(Result(entry, salt) for entry, salt in zip(entries, salts, strict=True))

    def close(self, lease: Lease, reason: str) -> AuditEntry:
        """End a lease that gives no output."""
        self._check_open(lease, ())
        entry = self._log.append("LEASE_CLOSE", self._span(lease) | {"reason": reason})
        self._end(lease.id)
        return entry

    def ruled(self, participant_id: str, ruling: Ruling) -> AuditEntry:
        """Log what the gate said of one modality of one person."""
        case = ruling.case
        body = {
            "call_ref": self._call,
            "subject_ref": participant_id,
            "modality": case.modality,
            "purpose": str(case.purpose),
            "role": str(case.role),
            "jurisdictions": list(case.jurisdictions),
            "decision": str(ruling.effect),
            "rule_ids": [verdict.rule_id for verdict in ruling.verdicts],
            "consent_kind": ruling.duties.consent,
            "policy_digest": ruling.policy_digest,
        }
        return self._log.append("GATE", body)

    def answered(self, consent: Consent) -> Sequence[AuditEntry]:
        """Log a person's answer. A withdrawal is an opt-out too: open leases lose the modality at once."""
        person = (consent.participant_id, consent.modality)
        given = consent.status is ConsentStatus.GIVEN
        if not given:
            # Before the log: should the disk fail, the person's no still holds.
            self._stopped[person] = consent.at_us
            mine = (lease for lease in self._open.values() if lease.participant_id == consent.participant_id)
            self._barred.update((lease.id, consent.modality) for lease in mine)
        body = {
            "call_ref": self._call,
            "subject_ref": consent.participant_id,
            "modality": consent.modality,
            "at_us": consent.at_us,
        }
        own = {
            "purpose": str(consent.purpose),
            "status": str(consent.status),
            "kind": consent.kind,
            "version": consent.version,
            "receipt_id": consent.receipt_id,
            "notice": consent.notice,
        }
        drafts: list[Draft] = [("CONSENT", body | own)]
        if consent.status in (ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED):
            drafts.append(("OPT_OUT", body))
        entries = self._log.append_all(drafts)
        if given:
            self._stopped.pop(person, None)
        return entries

    def _check_outcome(self, outcome: Outcome, ended: Sequence[str]) -> None:
        lease = outcome.lease
        self._check_open(lease, ended)
        for modality, n in outcome.counts.items():
            if modality not in lease.modalities:
                raise AuditError(f"the lease {lease.id} does not cover {modality}", "Read only what a lease names.")
            if n and (lease.id, modality) in self._barred:
                raise AuditError(
                    f"{modality} of {lease.participant_id} was stopped before this result", "Drop what was read of it."
                )

    def _check_open(self, lease: Lease, ended: Sequence[str]) -> None:
        if self._open.get(lease.id) != lease or lease.id in ended:
            raise AuditError(f"the lease {lease.id} is not open", "A lease ends once; ask for a new one.")

    def _end(self, name: str) -> None:
        lease = self._open.pop(name)
        self._barred.difference_update((name, modality) for modality in lease.modalities)

    def _span(self, lease: Lease) -> dict[str, object]:
        return {
            "call_ref": self._call,
            "subject_ref": lease.participant_id,
            "lease": lease.id,
            "start_us": lease.start_us,
            "end_us": lease.end_us,
        }

    def _lease_body(self, lease: Lease) -> Mapping[str, object]:
        own = {
            "modalities": list(lease.modalities),
            "policy_digest": lease.policy_digest,
            "receipts": list(lease.receipts),
        }
        return self._span(lease) | own


def _unfinished(entries: Iterable[AuditEntry], call_ref: str) -> Sequence[str]:
    names: dict[str, None] = {}
    for entry in entries:
        if entry.body.get("call_ref") == call_ref and "lease" in entry.body:
            if entry.kind == "LEASE":
                names[str(entry.body["lease"])] = None
            else:
                names.pop(str(entry.body["lease"]), None)
    return tuple(names)


def _stops(entries: Iterable[AuditEntry], call_ref: str) -> dict[tuple[str, Modality], int]:
    stops: dict[tuple[str, Modality], int] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == "CONSENT" and body.get("call_ref") == call_ref:
            person = (str(body.get("subject_ref")), str(body.get("modality")))
            if body.get("status") == "given":
                stops.pop(person, None)
            else:
                stops[person] = int(str(body.get("at_us")))
    return stops
