"""Policies (C2SP tlog-policy): which logs are trusted, which witnesses, and how many of them must have cosigned."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from countenance.audit.checkpoint import Checkpoint, open_checkpoint
from countenance.audit.cosignature import cosignatures
from countenance.audit.note import COSIGNATURE, ED25519, Note, VerifierKey
from countenance.audit.wire import clip, utf8
from countenance.contracts.errors import AuditError

NONE = "none"
MOST_BYTES = 100_000
THRESHOLD = re.compile(r"[1-9][0-9]{0,4}")
FORBIDDEN = re.compile(r"[^\t\n -~\x80-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is trusted."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that counts."""

    name: str
    """Its name within the policy."""
    key: VerifierKey
    url: str | None = None
    """Where it takes checkpoints."""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses or groups of which `least` must have cosigned."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """When a checkpoint counts."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=lambda: MappingProxyType({}))
    quorum: str = NONE

    @classmethod
    def trusting(cls, *keys: VerifierKey) -> "Policy":
        """The policy that takes a log's own signature and asks for no witness."""
        return cls(tuple(Log(key) for key in keys))

    def open(self, data: bytes) -> tuple[Checkpoint, Note]:
        """A checkpoint that is signed by a trusted log and cosigned as the quorum asks; raises AuditError."""
        checkpoint, note = open_checkpoint(data, [log.key for log in self.logs])
        self.check_quorum(note)
        return checkpoint, note

    def check_quorum(self, note: Note) -> None:
        """Raise AuditError unless enough witnesses cosigned; also when a cosignature of one of them is wrong."""
        seen = cosignatures(note, [witness.key for witness in self.witnesses])
        names = {witness.name for witness in self.witnesses if witness.key in seen}
        if not self.met_by(names):
            who = ", ".join(sorted(map(clip, names))) or "nobody"
            raise AuditError(
                f"the quorum {clip(self.quorum)} is not met: cosigned by {who}",
                "Wait for the witnesses, or find out why they refuse.",
            )

    def met_by(self, names: Iterable[str]) -> bool:
        """Whether these witnesses are enough."""
        met = {NONE, *names}
        # A group names only what stands before it: one pass in order is enough.
        for name, group in self.groups.items():
            if sum(member in met for member in group.members) >= group.least:
                met.add(name)
        return self.quorum in met


def parse_policy(data: bytes) -> Policy:
    """The policy in a file; raises AuditError naming the line that is wrong."""
    if len(data) > MOST_BYTES:
        raise AuditError(f"a policy of {len(data)} bytes is too large", f"At most {MOST_BYTES} are read.")
    # Names are opaque bytes (the format's words): one character per byte, never decoded.
    text = data.decode("latin-1")
    draft = _Draft()
    for place, line in enumerate(text.split("\n"), start=1):
        items = re.split("[ \t]+", line.strip(" \t"))
        if items == [""] or items[0].startswith("#"):
            continue
        try:
            if FORBIDDEN.search(line):
                raise AuditError("the line holds control characters", "Use spaces and tabs only.")
            draft.read(items)
        except AuditError as fault:
            raise AuditError(f"policy line {place}: {fault.problem}", fault.remedy) from fault
    if draft.quorum is None:
        raise AuditError("the policy has no quorum line", "Write `quorum none` to ask for no witness.")
    return Policy(tuple(draft.logs), tuple(draft.witnesses), MappingProxyType(draft.groups), draft.quorum)


class _Draft:
    """A policy while its lines are read."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()

    def read(self, items: Sequence[str]) -> None:
        """One line."""
        kinds: Mapping[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if items[0] not in kinds:
            raise AuditError(f"unknown word {clip(items[0])}", f"A line begins with {', '.join(kinds)}.")
        kinds[items[0]](items[1:])

    def _log(self, items: Sequence[str]) -> None:
        _check_length(items, 1, 2, "log <vkey> [<url>]")
        key = _key(items[0], ED25519)
        if any(log.key.public == key.public for log in self.logs):
            raise AuditError(f"the key of {clip(key.name)} is listed twice", "List each log once.")
        self.logs.append(Log(key, *items[1:]))

    def _witness(self, items: Sequence[str]) -> None:
        _check_length(items, 2, 3, "witness <name> <vkey> [<url>]")
        key = _key(items[1], COSIGNATURE)
        if any(witness.key.public == key.public for witness in self.witnesses):
            raise AuditError(f"the key of {clip(key.name)} is listed twice", "List each witness once.")
        self._define(items[0])
        self.witnesses.append(Witness(items[0], key, *items[2:]))

    def _group(self, items: Sequence[str]) -> None:
        _check_length(items, 3, None, "group <name> all|any|<k> <name>...")
        name, word, members = items[0], items[1], tuple(items[2:])
        for member in members:
            self._check_known(member)
            if member in self._members:
                raise AuditError(f"{clip(member)} is a member twice", "Each name counts in one group, once.")
            self._members.add(member)
        least = {"any": 1, "all": len(members)}.get(word) or (int(word) if THRESHOLD.fullmatch(word) else 0)
        if not 1 <= least <= len(members):
            raise AuditError(f"the threshold {clip(word)} does not fit {len(members)} members", "Use all, any or k.")
        self._define(name)
        self.groups[name] = Group(least, members)

    def _quorum(self, items: Sequence[str]) -> None:
        _check_length(items, 1, 1, "quorum <name>")
        if self.quorum is not None:
            raise AuditError("the quorum is defined twice", "Keep one quorum line.")
        if items[0] != NONE:
            self._check_known(items[0])
        self.quorum = items[0]

    def _define(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise AuditError(f"the name {clip(name)} is taken", "Witnesses and groups share their names.")
        self._names.add(name)

    def _check_known(self, name: str) -> None:
        if name not in self._names:
            raise AuditError(f"{clip(name)} is not defined on a line before", "Define witnesses and groups first.")


def _check_length(items: Sequence[str], least: int, most: int | None, form: str) -> None:
    if len(items) < least or (most is not None and len(items) > most):
        raise AuditError("the line has a wrong number of words", f"Its form is `{form}`.")


def _key(text: str, kind: int) -> VerifierKey:
    key = VerifierKey.parse(utf8(text.encode("latin-1"), "the key"))
    if key.kind != kind:
        raise AuditError(f"the key of {clip(key.name)} is of type {key.kind}, needed is {kind}", "Use the other key.")
    return key
