"""Blocks on what a store holds: the log in numbers, answers, requests, decisions."""

from collections.abc import Iterator, Mapping

from countenance.evaluation.cards.document import Block, Code, Facts, Items, Sheet, Words
from countenance.evidence.kept import Kept
from countenance.evidence.standing import Standing

NO_STORE = "No store was named when this pack was written (`--store`), so nothing can be said of it."
REQUESTS = {
    "ACCESS": "readings of a person looked at, each with who and why",
    "EXPORT": "copies handed out",
    "OPT_OUT": "modalities stopped",
    "ERASURE": "people erased",
    "RETENTION": "deletions because the time was over",
}


def log(standing: Standing) -> Iterator[Block]:
    """Size, root, checkpoint and times."""
    kept = standing.kept
    if kept is None:
        yield Words(NO_STORE)
        return
    yield Facts(
        (
            ("Log", Code(kept.origin)),
            ("Entries", f"{kept.size:,}"),
            ("Root of the tree", Code(kept.root)),
            ("First entry", kept.first or "none"),
            ("Last entry", kept.last or "none"),
        )
    )


def kinds(standing: Standing) -> Iterator[Block]:
    """How many entries of each kind."""
    yield from _counts(standing.kept, "Entries", "kind", standing.kept.kinds if standing.kept else {})


def findings(standing: Standing) -> Iterator[Block]:
    """What a full verification found."""
    kept = standing.kept
    if kept is None:
        yield Words(NO_STORE)
    elif kept.findings:
        yield Words(f"{len(kept.findings)} findings. Keep the store as evidence and look at each:")
        yield Items(kept.findings)
    else:
        yield Words(
            "Nothing. Signature, tree and numbering hold; every result has its lease, every lease its ruling and "
            "consent, and no result counts a modality after its person stopped it."
        )


def consents(standing: Standing) -> Iterator[Block]:
    """Answers by modality, purpose and state."""
    kept = standing.kept
    if kept is None:
        yield Words(NO_STORE)
    elif kept.answers:
        rows = tuple((a.modality, a.purpose, a.status, f"{a.n:,}") for a in kept.answers)
        yield Sheet("Answers", ("modality", "purpose", "state", "n"), rows)
    else:
        yield Words("No answer was recorded yet.")


def notices(standing: Standing) -> Iterator[Block]:
    """Answers by the notice that was shown."""
    kept = standing.kept
    if kept is not None and kept.shown:
        rows = tuple((one.notice, one.language, f"{one.n:,}") for one in kept.shown)
        yield Sheet("Notices shown", ("notice", "language", "answers"), rows)


def requests(standing: Standing) -> Iterator[Block]:
    """What people asked for."""
    told = standing.kept.kinds if standing.kept else {}
    named = {REQUESTS[kind]: told[kind] for kind in REQUESTS if kind in told}
    yield from _counts(standing.kept, "Requests", "what", named)


def decided(standing: Standing) -> Iterator[Block]:
    """Decisions of the gate on real calls."""
    kept = standing.kept
    if kept is None:
        yield Words(NO_STORE)
    elif kept.decided:
        columns = ("purpose", "role", "modality", "decision", "rules", "n")
        rows = tuple(
            (d.purpose, d.role, d.modality, d.decision, ", ".join(d.rule_ids), f"{d.n:,}") for d in kept.decided
        )
        yield Sheet("Decisions", columns, rows)
    else:
        yield Words("The gate was not asked yet.")


def _counts(kept: Kept | None, title: str, what: str, counts: Mapping[str, int]) -> Iterator[Block]:
    if kept is None:
        yield Words(NO_STORE)
    elif counts:
        yield Sheet(title, (what, "n"), tuple((name, f"{n:,}") for name, n in counts.items()))
    else:
        yield Words("None.")
