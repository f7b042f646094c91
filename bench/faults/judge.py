"""What has to hold after any crash: what the process told, beside what its log says when the product opens it."""

from collections.abc import Iterator, Mapping, Sequence

from bench.faults.tenant import Tenant
from bench.faults.truth import Told
from countenance.contracts.trust import LogEntry
from countenance.storage import dispatches, outbox

FAR_US = 1 << 60
MANY = 1 << 20
ENDS = ("RESULT", "LEASE_CLOSE", "RECOVERY")


def judge(tenant: Tenant, told: Told) -> Iterator[str]:
    """Everything that is wrong with a recovered tenant; nothing when all promises were kept."""
    yield from judge_entries(tenant, told, tenant.log.entries())


def judge_entries(tenant: Tenant, told: Told, entries: Sequence[LogEntry]) -> Iterator[str]:
    """The same for who has read the log already."""
    yield from lost(entries, told)
    yield from unleased(entries, told)
    yield from unproven(entries, told)
    yield from (f"invoked after the person was told that it ended: {line}" for line in told.after_stop)
    yield from (f"the verifier finds at entry {found.seq}: {found.problem}" for found in tenant.verified().findings)
    with tenant.store.reading() as tx:
        waiting = [one.payload_id for one in outbox.unhanded(tx, MANY)]
        waiting += [one.payload_id for one in dispatches.due(tx, FAR_US, MANY)]
        for payload_id in waiting:
            if payload_id is not None:
                tenant.vault.open_sealed(tx, payload_id)


def lost(entries: Sequence[LogEntry], told: Told) -> Iterator[str]:
    """Acknowledged entries that are not in the log as they were."""
    for seq, digest in told.acked.items():
        if seq >= len(entries) or entries[seq].hash != digest:
            yield f"acknowledged entry {seq} is lost"


def unleased(entries: Sequence[LogEntry], told: Told) -> Iterator[str]:
    """Model calls that no durable lease covers, and results that count other calls than were made."""
    leased: dict[str, Sequence[object]] = {}
    counted: dict[str, Mapping[str, int]] = {}
    for entry in entries:
        modalities, counts = entry.body.get("modalities"), entry.body.get("counts")
        if entry.kind == "LEASE" and isinstance(modalities, list):
            leased[str(entry.body["lease"])] = modalities
        elif entry.kind == "RESULT" and isinstance(counts, dict):
            counted[str(entry.body["lease"])] = counts
    ran: dict[tuple[str, str], int] = {}
    for lease, _, modality in told.invoked:
        ran[lease, modality] = ran.get((lease, modality), 0) + 1
        if modality not in leased.get(lease, ()):
            yield f"a model ran on {modality} without the lease {lease}"
    for lease, counts in counted.items():
        for modality, n in counts.items():
            if ran.get((lease, modality), 0) != n:
                yield f"lease {lease} counts {n} of {modality}, {ran.get((lease, modality), 0)} ran"


def unproven(entries: Sequence[LogEntry], told: Told) -> Iterator[str]:
    """Outputs that left without their durable result or answer, or twice under different ones."""
    for event, seq in told.emitted:
        if seq >= len(entries) or entries[seq].kind not in ("RESULT", "CONSENT"):
            yield f"output {event} left without a result at {seq}"
    if told.twice():
        yield f"{told.twice()} outputs left under two results"


def unended(entries: Sequence[LogEntry]) -> Iterator[str]:
    """Leases without an end, in a tenant that has just been opened: nothing runs there."""
    given = {(entry.body["call_ref"], entry.body["lease"]) for entry in entries if entry.kind == "LEASE"}
    over = [entry for entry in entries if entry.kind in ENDS and "lease" in entry.body]
    ended = {(entry.body["call_ref"], entry.body["lease"]) for entry in over}
    yield from (f"lease {lease} never ended" for _, lease in given - ended)
