"""Leases: no model runs on a person without one, and no output leaves without the result that ends it."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from countenance.audit.bodies import consent_body, gate_body
from countenance.audit.log import Also, Draft, Log
from countenance.audit.outcome import USUAL, Outcome, Result, Terms
from countenance.audit.permission import Request, lease_for
from countenance.audit.timekeeping import moment_of
from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import Consent, ConsentStatus, Lease, LogEntry, Ruling
from countenance.storage import leases as rows
from countenance.storage import outbox
from countenance.storage.clocks import micros
from countenance.storage.leases import LeaseRow
from countenance.storage.outbox import Event
from countenance.storage.points import Points, nowhere
from countenance.storage.sealing import Record
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault

CONTEXT = "result"
EVENT = "event"


class Leases:
    """The leases of one call. What it remembers changes only after the log is on the disk, but for a person's no."""

    def __init__(
        self,
        log: Log,
        vault: Vault,
        call_ref: str,
        subjects: Mapping[str, str],
        terms: Terms = USUAL,
        points: Points = nowhere,
        answers: Iterable[LogEntry] | None = None,
    ) -> None:
        """`subjects`: the subject_ref of each participant; `answers`: of this call, where they were read already."""
        self._log = log
        self._vault = vault
        self._call = call_ref
        self._subjects = dict(subjects)
        self._terms = terms
        self._at = points
        self._one = threading.RLock()
        self._open: dict[str, Lease] = {}
        self._doubtful = False
        self._barred: set[tuple[str, Modality]] = set()
        self._stopped: dict[tuple[str, Modality], int] = {}
        self._consented: dict[tuple[str, Modality], int] = {}
        self.heard(log.of_call(call_ref, "CONSENT") if answers is None else answers)

    @property
    def open(self) -> Sequence[Lease]:
        """The leases that have not ended."""
        return tuple(self._open.values())

    def seat(self, subjects: Mapping[str, str], retention_us: int | None = None) -> None:
        """Take in who came later; `retention_us`: what is read from now on is kept no longer than that."""
        with self._one:
            self._subjects.update(subjects)
            kept = [one for one in (self._terms.retention_us, retention_us) if one is not None]
            self._terms = replace(self._terms, retention_us=min(kept, default=None))

    def grant(self, request: Request) -> Lease:
        """A lease that is on the disk when it returns; raises RefusedError where law or consent is missing."""
        return self.grant_all([request])[0]

    def grant_all(self, requests: Iterable[Request]) -> Sequence[Lease]:
        """Leases for several people with one wait for the disk: all of them, or none."""
        with self._one:
            self._be_sure()
            leases: list[Lease] = []
            for request in requests:
                lease = lease_for(request, self._stopped)
                if lease.id in self._open or any(lease.id == other.id for other in leases):
                    raise AuditError(f"the lease {lease.id} is already open", "End it with a result before the next.")
                leases.append(lease)
            self._at("lease.before_log")
            self._append([("LEASE", self._lease_body(lease)) for lease in leases], self._opening(leases))
            self._at("lease.granted")
            self._open.update((lease.id, lease) for lease in leases)
            return tuple(leases)

    def result(self, outcome: Outcome) -> Result:
        """End a lease with what came of it; on the disk when it returns."""
        return self.results([outcome])[0]

    def results(self, outcomes: Iterable[Outcome]) -> Sequence[Result]:
        """End several leases with one wait for the disk: entries, sealed payloads and outbox, or nothing."""
        with self._one:
            self._be_sure()
            wanted = list(outcomes)
            records = []
            drafts: list[Draft] = []
            for place, outcome in enumerate(wanted):
                self._check_outcome(outcome, [other.lease.id for other in islice(wanted, place)])
                records.append(self._vault.record(outcome.payload))
                own = {"counts": dict(outcome.counts), "payload_commit": records[-1].commitment}
                drafts.append(("RESULT", {**self._span(outcome.lease), **own}))
            sealed: list[str] = []

            def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
                sealed.clear()
                for outcome, record, entry in zip(wanted, records, entries, strict=True):
                    sealed.append(self._seal(tx, outcome, record, entry, CONTEXT))
                    self._at("result.after_payload")
                    self._put_out(tx, outcome, entry)
                rows.end(tx, [self._name(outcome.lease) for outcome in wanted])
                self._at("result.after_lease_end")

            self._at("result.before_log")
            entries = self._append(drafts, also)
            self._at("result.durable")
            for outcome in wanted:
                self._end(outcome.lease.id)
            return tuple(Result(entry, name) for entry, name in zip(entries, sealed, strict=True))

    def close(self, lease: Lease, reason: str, counts: Mapping[Modality, int] | None = None) -> LogEntry:
        """End a lease that gives no output; `counts` says what ran for nothing, where that is known."""
        ran = {"counts": dict(counts)} if counts else {}
        with self._one:
            self._be_sure()
            self._check_open(lease, ())
            self._at("lease.before_close")
            ended = self._name(lease)
            drafts = [("LEASE_CLOSE", {**self._span(lease), **ran, "reason": reason})]
            entry = self._append(drafts, lambda tx, _: rows.end(tx, [ended]))[0]
            self._at("lease.closed")
            self._end(lease.id)
            return entry

    def ruled(self, participant_id: str, ruling: Ruling) -> LogEntry:
        """Log what the gate said of one modality of one person."""
        return self._log.append("GATE", gate_body(self._call, self._subject(participant_id), ruling))

    def answered(
        self, consent: Consent, more: Mapping[str, object] | None = None, also: Also | None = None
    ) -> Sequence[LogEntry]:
        """Log a person's answer. A withdrawal is an opt-out too: open leases lose the modality at once.

        `more` adds fields to the CONSENT entry; `also` writes further rows in the same transaction.
        """
        body = {
            "call_ref": self._call,
            "subject_ref": self._subject(consent.participant_id),
            "modality": consent.modality,
            "at_us": consent.at_us,
        }
        with self._one:
            if consent.status is not ConsentStatus.GIVEN:
                self.bar(consent.participant_id, consent.modality, consent.at_us)
            self._at("consent.before_log")
            drafts: list[Draft] = [("CONSENT", {**body, **consent_body(consent), **(more or {})})]
            if consent.status in (ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED):
                drafts.append(("OPT_OUT", body))
                self._at("opt_out.before_log")
            entries = self._log.append_all(drafts, also)
            self._at("consent.durable")
            if len(drafts) > 1:
                self._at("opt_out.durable")
            self.heard(entries[:1])
            return entries

    def bar(self, participant_id: str, modality: Modality, at_us: int) -> None:
        """A person's no holds from now, whatever becomes of the disk: nothing more of it is granted or accepted."""
        with self._one:
            self._stopped[participant_id, modality] = at_us
            mine = (lease for lease in self._open.values() if lease.participant_id == participant_id)
            self._barred.update((lease.id, modality) for lease in mine)
            self._at("opt_out.barred")

    def bars(self, participant_id: str, modality: Modality, at_us: int) -> bool:
        """Whether a no holds at this media time, durable or not."""
        stop_us = self._stopped.get((participant_id, modality))
        return stop_us is not None and stop_us <= at_us

    def heard(self, answers: Iterable[LogEntry]) -> None:
        """Take in CONSENT entries that are durable: on which answer a modality stands, and what is stopped."""
        for entry in answers:
            body = entry.body
            given, at_us = body["status"] == "given", int(str(body.get("at_us", 0)))
            self.stands(str(body["subject_ref"]), str(body["modality"]), entry.seq, None if given else at_us)

    def stands(self, subject_ref: str, modality: Modality, seq: int, stop_us: int | None) -> None:
        """A durable answer of a person in this call: a yes, or a no from a media time on."""
        participant = next((p for p, subject in self._subjects.items() if subject == subject_ref), None)
        if participant is None:
            return
        with self._one:
            self._consented[participant, modality] = seq
            if stop_us is None:
                self._stopped.pop((participant, modality), None)
            else:
                self._stopped[participant, modality] = stop_us

    def _append(self, drafts: Sequence[Draft], also: Also) -> Sequence[LogEntry]:
        self._doubtful = True
        entries = self._log.append_all(drafts, also)
        self._doubtful = False
        return entries

    def _be_sure(self) -> None:
        """After a fault a commit may have happened or not: what the store holds says which leases are open."""
        if not self._doubtful:
            return
        kept = [row for row in self._log.open_leases() if row.call_ref == self._call]
        names = {row.lease for row in kept}
        for lease in self.open:
            if self._name(lease) not in names:
                self._end(lease.id)
        known = {self._name(lease) for lease in self.open}
        self._log.recover([row for row in kept if row.lease not in known], "unacknowledged")
        self._doubtful = False

    def _opening(self, leases: Sequence[Lease]) -> Also:
        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            pairs = zip(leases, entries, strict=True)
            rows.put(
                tx,
                [LeaseRow(self._name(one), self._call, self._subject(one.participant_id), e.seq) for one, e in pairs],
            )
            self._at("lease.after_row")

        return also

    def _seal(self, tx: Transaction, outcome: Outcome, record: Record, entry: LogEntry, context: str) -> str:
        keep_us = self._terms.retention_us
        due = None if keep_us is None else micros(moment_of(entry.at)) + keep_us
        subject = self._subject(outcome.lease.participant_id)
        return self._vault.seal(tx, subject, record, context, self._call, entry.seq, due)

    def _put_out(self, tx: Transaction, outcome: Outcome, entry: LogEntry) -> None:
        events = []
        for one in outcome.events:
            sealed = self._seal(tx, outcome, self._vault.record(one.payload), entry, EVENT)
            events.append(Event(one.topic, self._call, sealed))
        outbox.put(tx, entry.seq, events, micros(moment_of(entry.at)))
        self._at("result.after_outbox")

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
            if n > self._terms.limit:
                raise AuditError(
                    f"{n} readings of {modality} exceed the {self._terms.limit} of the lease", "Hold the lease."
                )

    def _check_open(self, lease: Lease, ended: Sequence[str]) -> None:
        if self._open.get(lease.id) != lease or lease.id in ended:
            raise AuditError(f"the lease {lease.id} is not open", "A lease ends once; ask for a new one.")

    def _end(self, name: str) -> None:
        lease = self._open.pop(name)
        self._barred.difference_update((name, modality) for modality in lease.modalities)

    def _subject(self, participant_id: str) -> str:
        if participant_id not in self._subjects:
            raise AuditError(f"{participant_id} has no seat in this call", "Seat a person before anything is asked.")
        return self._subjects[participant_id]

    def _name(self, lease: Lease) -> str:
        return f"{self._subject(lease.participant_id)}/{lease.start_us}"

    def _span(self, lease: Lease) -> Mapping[str, object]:
        return {
            "call_ref": self._call,
            "subject_ref": self._subject(lease.participant_id),
            "lease": self._name(lease),
            "start_us": lease.start_us,
            "end_us": lease.end_us,
        }

    def _lease_body(self, lease: Lease) -> Mapping[str, object]:
        terms, who = self._terms, lease.participant_id
        stands_on = {m: self._consented[who, m] for m in lease.modalities if (who, m) in self._consented}
        return {
            **self._span(lease),
            "modalities": list(lease.modalities),
            "policy_digest": lease.policy_digest,
            "model_digests": list(terms.model_digests),
            "consent_index": stands_on,
            "limit": terms.limit,
            **({} if terms.valid_us is None else {"valid_us": terms.valid_us}),
        }
