"""Checking an exported log with nothing but its files and the keys one trusts: pure, and free of any server code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from countenance.audit.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from countenance.audit.completeness import Completeness
from countenance.audit.folder import AbsentError, LogSource
from countenance.audit.merkle import HashReader, check_consistency, consistency, cover
from countenance.audit.note import parse_note
from countenance.audit.quorum import Policy
from countenance.audit.reading import Clocks, Finding, Leaf, read
from countenance.audit.tiles import WIDTH, TileHashes
from countenance.audit.tree import DamageError, RewrittenError, Tree
from countenance.contracts.errors import AuditError

MOST_FINDINGS = 1_000
"""More of them are not collected: the log is lost anyway."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    point: Checkpoint
    """The state of the log that was checked; it is signed."""
    findings: tuple[Finding, ...]
    """In the order of the log; empty when it holds."""
    entries: int
    """How many entries were read."""
    minimum: int
    """The first entry that was there to be read."""
    erased: int
    """How many ERASURE entries there are."""

    @property
    def first_bad(self) -> int | None:
        """The first entry that something is wrong with."""
        return self.findings[0].seq if self.findings else None


@dataclass(frozen=True, slots=True)
class Memory:
    """What a verifier kept from before."""

    checkpoints: tuple[bytes, ...] = ()
    """Signed checkpoints, from an earlier verification or out of receipts."""
    mirror: LogSource | None = None
    """An older export of its own: with it, the first rewritten entry can be named."""


def verify(source: LogSource, policy: Policy, memory: Memory | None = None, *, completeness: bool = False) -> Report:
    """Check signature, quorum, history, tree, numbers, clocks, and completeness when asked.

    Raises AuditError when the checkpoint itself is missing, not signed by a trusted log, or short of its quorum.
    """
    point, _ = policy.open(source.checkpoint())
    memory = memory or Memory()
    walk = _Walk(source, point, Completeness() if completeness else None)
    past = history(source, point, policy, memory)
    found = [*past, *islice(walk.findings(lambda: first_rewritten(source, point, memory)), MOST_FINDINGS)]
    found.sort(key=lambda finding: finding.seq)
    return Report(point, tuple(found), walk.entries, walk.minimum, walk.erased)


def history(source: LogSource, point: Checkpoint, policy: Policy, memory: Memory) -> list[Finding]:
    """Where the log does not continue what was signed before: the first kept checkpoint that it contradicts."""
    tree = Tree(source, point)
    for old in _kept(memory, policy, point):
        if old.size > point.size:
            return [Finding(point.size, f"the log went back from {old.size} to {point.size} entries")]
        try:
            proof = consistency(tree, old.size, point.size)
            check_consistency(old.size, point.size, old.root, point.root, proof)
        except DamageError:
            # The tree itself is broken: the walk over it says where.
            return []
        except AuditError as fault:
            return [Finding(first_rewritten(source, point, memory), fault.problem)]
    return []


def first_rewritten(source: LogSource, point: Checkpoint, memory: Memory) -> int:
    """The first entry in which the log differs from the mirror; 0 where no mirror can tell."""
    if memory.mirror is None:
        return 0
    size = parse_checkpoint(parse_note(memory.mirror.checkpoint()).text).size
    here, there = TileHashes(source.fetch, point.size), TileHashes(memory.mirror.fetch, size)
    return _first_difference(here, there, min(size, point.size))


class _Walk:
    """One pass over all bundles."""

    def __init__(self, source: LogSource, point: Checkpoint, rules: Completeness | None) -> None:
        self._source = source
        self._size = point.size
        self._tree = Tree(source, point)
        self._clocks = Clocks()
        self._rules = rules
        self._pruned = 0
        self._retained = 0
        self._tenant: object = None
        self.entries = 0
        self.minimum = 0
        self.erased = 0

    def findings(self, first: Callable[[], int]) -> Iterator[Finding]:
        """What is wrong, bundle by bundle."""
        try:
            self._tree.check_edge()
        except RewrittenError as damage:
            yield Finding(first(), damage.what)
            return
        except DamageError as damage:
            yield Finding(damage.seq, damage.what)
            return
        self.minimum = self._source.minimum()
        for index in range(self._tree.bundles):
            try:
                entries = self._tree.bundle(index)
            except DamageError as damage:
                yield Finding(damage.seq, damage.what)
            except AbsentError as absent:
                end = min((index + 1) * WIDTH, self._size)
                if end > self.minimum:
                    yield Finding(index * WIDTH, absent.problem)
                self._pruned = end
            else:
                yield from self._see(entries, index * WIDTH)
        yield from self._end()

    def _see(self, entries: Sequence[bytes], start: int) -> Iterator[Finding]:
        self.entries += len(entries)
        leaves, findings = read(entries, start)
        yield from findings
        yield from self._clocks.see(leaves)
        yield from self._notice(leaves)
        if self._rules is not None:
            yield from self._rules.see(leaves, pruned=self._pruned > 0)

    def _notice(self, leaves: Sequence[Leaf]) -> Iterator[Finding]:
        if self._tenant is None and leaves:
            self._tenant = leaves[0]["tenant"]
        for leaf in leaves:
            if leaf["tenant"] != self._tenant:
                yield Finding(int(str(leaf["seq"])), "the entry belongs to another tenant")
            kind = leaf["kind"]
            if kind == "ERASURE":
                self.erased += 1
            elif kind == "RETENTION" and isinstance(minimum := leaf.get("minimum"), int):
                self._retained = max(self._retained, minimum)

    def _end(self) -> Iterator[Finding]:
        if self._pruned > self._retained:
            yield Finding(self._retained, f"entries up to {self._pruned} were removed and no RETENTION says so")
        if self._rules is not None:
            yield from self._rules.end()


def _kept(memory: Memory, policy: Policy, point: Checkpoint) -> list[Checkpoint]:
    """The checkpoints that were kept, each signed by the same log."""
    mirrored = () if memory.mirror is None else (memory.mirror.checkpoint(),)
    kept = [open_checkpoint(data, [log.key for log in policy.logs])[0] for data in (*memory.checkpoints, *mirrored)]
    for old in kept:
        if old.origin != point.origin:
            raise AuditError(f"the kept checkpoint is of {old.origin}, this log is {point.origin}", "Give its own.")
    return kept


def _first_difference(one: HashReader, other: HashReader, size: int) -> int:
    """The first leaf under which two trees differ; where only a hash above equal ones differs, the first under it."""
    for top, place in cover(0, size):
        if one.hash(top, place) != other.hash(top, place):
            level, index = top, place
            while level:
                halves = (index * 2, index * 2 + 1)
                below = [half for half in halves if one.hash(level - 1, half) != other.hash(level - 1, half)]
                if not below:
                    break
                level, index = level - 1, below[0]
            return index << level
    return size
