"""A store in numbers: its log verified from the first entry on, its answers counted. Nothing here names a person."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from countenance.audit.export import StoredLog
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import UsageError
from countenance.contracts.trust import LogEntry
from countenance.control.opening import Tenant, open_tenant
from countenance.evidence.kept import Answers, Decided, Kept, Shown
from countenance.storage.engine import FILE
from countenance.storage.tables import consents


def read_store(place: Path) -> Kept:
    """What the store in a folder holds; raises UsageError where there is none."""
    if not (place / FILE).is_file():
        raise UsageError(f"there is no store in {place}", "Name the data folder, such as report/store.")
    with open_tenant(place) as tenant:
        return sum_up(tenant)


def sum_up(tenant: Tenant) -> Kept:
    """The log and the ledger of an open tenant."""
    log = tenant.log
    checked = verify(StoredLog(log), Policy.trusting(log.key.verifier), completeness=True)
    with tenant.store.reading() as tx:
        rows = tx.rows(
            tx.select(
                consents,
                consents.c.modality,
                consents.c.purpose,
                consents.c.status,
                consents.c.notice,
                consents.c.language,
            )
        )
    answers = Counter((row.modality, row.purpose, row.status) for row in rows)
    shown = Counter((row.notice, row.language) for row in rows if row.notice)
    entries = log.entries(checked.minimum)
    return Kept(
        tenant=tenant.store.tenant,
        origin=log.key.name,
        size=checked.point.size,
        root=checked.point.root.hex(),
        checkpoint=log.checkpoint(at_once=True).data.decode(),
        first=entries[0].at if entries else None,
        last=entries[-1].at if entries else None,
        kinds=dict(sorted(Counter(entry.kind for entry in entries).items())),
        findings=tuple(f"entry {finding.seq}: {finding.problem}" for finding in checked.findings),
        answers=tuple(Answers(*key, n) for key, n in sorted(answers.items())),
        shown=tuple(Shown(*key, n) for key, n in sorted(shown.items())),
        decided=_decided(entries),
    )


def _decided(entries: Sequence[LogEntry]) -> tuple[Decided, ...]:
    counts: Counter[tuple[str, str, str, str, tuple[str, ...]]] = Counter()
    for entry in entries:
        if entry.kind == "GATE":
            purpose, role, modality, decision = (
                str(entry.body[k]) for k in ("purpose", "role", "modality", "decision")
            )
            rules = entry.body["rule_ids"]
            named = tuple(str(rule) for rule in rules) if isinstance(rules, list) else ()
            counts[purpose, role, modality, decision, named] += 1
    return tuple(Decided(*key, n) for key, n in sorted(counts.items()))
