"""Checking a log: pure functions over its entries. Each finding names the entry and what is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.audit.chain_entries import FIRST, digest
from countenance.audit.chain_log import parse
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import AuditEntry


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    seq: int
    problem: str


def read_entries(path: Path) -> Sequence[AuditEntry]:
    """All entries of a log file; raises AuditError naming the first that is damaged."""
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise AuditError(f"the audit log {path} cannot be read: {fault.strerror}", "Check the path.") from fault
    entries, whole = parse(data)
    if whole < len(data):
        raise AuditError(
            f"the audit log {path} ends in a torn entry {len(entries)}",
            "Open it once with the product, which logs the cut.",
        )
    return entries


def verify(entries: Sequence[AuditEntry], head: str | None = None) -> Sequence[Finding]:
    """Everything that is wrong with a log, in order; empty when it holds. `head` is a hash kept from before."""
    findings = [*chain(entries), *leases(entries), *opt_outs(entries), *permissions(entries)]
    if head is not None and head not in {FIRST, *(entry.hash for entry in entries)}:
        findings.append(Finding(len(entries), "the entry whose hash was kept is gone: the end was cut or rewritten"))
    return tuple(sorted(findings, key=lambda finding: finding.seq))


def chain(entries: Sequence[AuditEntry]) -> Iterator[Finding]:
    """The first break of the chain, if any: what comes after it proves nothing."""
    head = FIRST
    for seq, entry in enumerate(entries):
        if entry.seq != seq:
            yield Finding(seq, f"the entry is numbered {entry.seq}")
            return
        if entry.previous != head or digest(entry) != entry.hash:
            yield Finding(seq, "the entry or the one before it was changed")
            return
        head = entry.hash


def leases(entries: Sequence[AuditEntry]) -> Iterator[Finding]:
    """Every result follows its lease and keeps to it, and every lease ends once: in a result, a close or a recovery."""
    open_leases: dict[tuple[object, object], AuditEntry] = {}
    for entry in entries:
        key = (entry.body.get("call_ref"), entry.body.get("lease"))
        if entry.kind == "LEASE":
            if key in open_leases:
                yield Finding(entry.seq, f"lease {key[1]} is given twice")
            open_leases[key] = entry
        elif entry.kind in ("RESULT", "LEASE_CLOSE") or (entry.kind == "RECOVERY" and key[1] is not None):
            lease = open_leases.pop(key, None)
            if lease is None:
                yield Finding(entry.seq, f"{entry.kind} for lease {key[1]}, which is not open")
            elif set(_counted(entry.body)) - set(_names(lease.body, "modalities")):
                yield Finding(entry.seq, f"{entry.kind} counts a modality that lease {key[1]} does not cover")
    for (_, name), lease in open_leases.items():
        yield Finding(lease.seq, f"lease {name} never ends")


def opt_outs(entries: Sequence[AuditEntry]) -> Iterator[Finding]:
    """No result counts a modality that its person has stopped, in the order of the log and in media time."""
    open_leases: dict[tuple[object, ...], AuditEntry] = {}
    barred: set[tuple[object, ...]] = set()
    ends: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    for entry in entries:
        body = entry.body
        call, person, lease = body.get("call_ref"), body.get("subject_ref"), body.get("lease")
        if entry.kind == "LEASE":
            open_leases[call, lease] = entry
            barred = {key for key in barred if key[:2] != (call, lease)}
        elif entry.kind == "OPT_OUT":
            modality = body.get("modality")
            mine = [
                key for key, given in open_leases.items() if key[0] == call and given.body.get("subject_ref") == person
            ]
            barred.update((*key, modality) for key in mine)
            for seq, end_us in ends.get((call, person, modality), []):
                if end_us > _whole(body, "at_us"):
                    yield Finding(seq, f"{modality} is counted beyond the opt-out at {_whole(body, 'at_us')} us")
        elif entry.kind == "RESULT":
            open_leases.pop((call, lease), None)
            for modality in _counted(body):
                ends.setdefault((call, person, modality), []).append((entry.seq, _whole(body, "end_us")))
                if (call, lease, modality) in barred:
                    yield Finding(entry.seq, f"{modality} is counted after the opt-out")


def permissions(entries: Sequence[AuditEntry]) -> Iterator[Finding]:
    """Every lease stands on an allowing ruling and, where that asks for it, on the answer given at its media time."""
    rulings: dict[tuple[object, ...], Mapping[str, object]] = {}
    answers: dict[tuple[object, ...], list[tuple[int, bool]]] = {}
    for entry in entries:
        body = entry.body
        call, person = body.get("call_ref"), body.get("subject_ref")
        if entry.kind == "GATE":
            rulings[call, person, body.get("modality")] = body
        elif entry.kind == "CONSENT":
            answer = (_whole(body, "at_us"), body.get("status") == "given")
            answers.setdefault((call, person, body.get("modality")), []).append(answer)
        elif entry.kind == "LEASE":
            for modality in _names(body, "modalities"):
                key = (call, person, modality)
                ruling = rulings.get(key, {})
                if ruling.get("decision") != "allow" or ruling.get("policy_digest") != body.get("policy_digest"):
                    yield Finding(entry.seq, f"lease on {modality} without an allowing ruling")
                start_us = _whole(body, "start_us")
                until = [answer for answer in answers.get(key, []) if answer[0] <= start_us]
                latest = sorted(until, key=lambda answer: answer[0])[-1:]
                if not (latest[0][1] if latest else ruling.get("consent_kind") == "none"):
                    yield Finding(entry.seq, f"lease on {modality} without a consent")


def _counted(body: Mapping[str, object]) -> Sequence[str]:
    counts = body.get("counts")
    return tuple(name for name, n in counts.items() if n) if isinstance(counts, dict) else ()


def _names(body: Mapping[str, object], key: str) -> Sequence[str]:
    value = body.get(key)
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _whole(body: Mapping[str, object], key: str) -> int:
    value = body.get(key)
    return value if isinstance(value, int) else 0
