"""Is everything there: each result has its lease, ruling, consent and model, and nothing is read of whom it may not.

Rules look at entries in the order of the log, one at a time, and keep only what they must compare with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from countenance.audit.entries import LARGEST
from countenance.audit.reading import Finding, Leaf
from countenance.contracts.trust import CONSENT_KINDS

Key = tuple[object, ...]
UNMODELLED = frozenset({"telemetry"})
"""What is counted without a model: turn-taking infers nothing."""
STRENGTH: Mapping[object, int] = {kind: place for place, kind in enumerate(CONSENT_KINDS)}
PENDING_US = 60_000_000
"""How long before the end of the log a lease may have begun and still be open."""


class Rule(Protocol):
    """Something that must hold of every log."""

    def see(self, leaf: Leaf) -> Iterator[Finding]:
        """What is wrong with an entry."""
        ...


ENDS = ("RESULT", "LEASE_CLOSE")
AFTER_ERASURE = ("GATE", "CONSENT", "LEASE", "RESULT", "NOTICE", "SUPPRESSED")


class Completeness:
    """All rules over one log."""

    def __init__(self) -> None:
        self._leases = Leases()
        self._loaded = Loaded()
        self._rules: tuple[Rule, ...] = (self._leases, OptOuts(), Permissions(), self._loaded, Erased())
        self._begun: dict[object, bool] = {}
        self._last: Leaf | None = None

    def see(self, leaves: Iterable[Leaf], *, pruned: bool = False) -> Iterator[Finding]:
        """What is wrong with the next entries; `pruned` when retention has removed entries before them."""
        self._loaded.pruned |= pruned
        for leaf in leaves:
            self._last = leaf
            if not pruned or self._is_whole(leaf):
                for rule in self._rules:
                    yield from rule.see(leaf)

    def end(self) -> Iterator[Finding]:
        """What is wrong once the log has ended; a lease of its last minute may still run."""
        for leaf in self._leases.open():
            last = self._last or leaf
            age_us = whole(last, "t_mono") - whole(leaf, "t_mono")
            if age_us > PENDING_US or leaf.get("boot_id") != last.get("boot_id"):
                yield _finding(leaf, f"lease {leaf.get('lease')} never ends")

    def _is_whole(self, leaf: Leaf) -> bool:
        """False for entries of a call that began before the oldest entry kept: a call begins with a ruling."""
        call = leaf.get("call_ref")
        return call is None or self._begun.setdefault(call, leaf["kind"] == "GATE")


class Leases:
    """Every lease ends once, in a result, a close or a recovery, and no result counts what its lease does not cover."""

    def __init__(self) -> None:
        self._open: dict[Key, Leaf] = {}

    def see(self, leaf: Leaf) -> Iterator[Finding]:
        """What is wrong with an entry."""
        kind, lease = leaf["kind"], leaf.get("lease")
        key = (leaf.get("call_ref"), lease)
        if kind == "LEASE":
            if not names(leaf, "modalities"):
                yield _finding(leaf, f"lease {lease} is on no modality")
            if key in self._open:
                yield _finding(leaf, f"lease {lease} is given twice")
            self._open[key] = leaf
        elif kind in ENDS or (kind == "RECOVERY" and lease is not None):
            given = self._open.pop(key, None)
            if given is None:
                yield _finding(leaf, f"{kind} for lease {lease}, which is not open")
            elif set(counted(leaf)) - set(names(given, "modalities")):
                yield _finding(leaf, f"{kind} counts a modality that lease {lease} does not cover")
            elif max(_counts(leaf).values(), default=0) > whole(given, "limit", LARGEST):
                yield _finding(leaf, f"{kind} counts more than the {given['limit']} that lease {lease} allows")
            elif leaf.get("subject_ref") not in (given.get("subject_ref"), None):
                yield _finding(leaf, f"{kind} names another person than lease {lease}")

    def open(self) -> Iterable[Leaf]:
        """The leases that have not ended."""
        return self._open.values()


class OptOuts:
    """No result counts a modality that its person has stopped, in the order of the log and in media time."""

    def __init__(self) -> None:
        self._open: dict[Key, object] = {}
        self._barred: dict[Key, set[object]] = {}
        self._counted: dict[Key, list[tuple[int, int]]] = {}
        self._stopped: dict[Key, int] = {}

    def see(self, leaf: Leaf) -> Iterator[Finding]:
        """What is wrong with an entry."""
        kind = leaf["kind"]
        lease = (leaf.get("call_ref"), leaf.get("lease"))
        if kind == "LEASE":
            yield from self._leased(leaf, lease)
        elif kind == "OPT_OUT":
            yield from self._left(leaf)
        elif kind == "CONSENT" and leaf.get("status") == "given":
            self._stopped.pop(_place(leaf, leaf.get("modality")), None)
        elif kind in ENDS or kind == "RECOVERY":
            self._open.pop(lease, None)
            barred = self._barred.pop(lease, set())
            yield from self._ended(leaf, barred) if kind == "RESULT" else ()

    def _leased(self, leaf: Leaf, lease: Key) -> Iterator[Finding]:
        self._open[lease] = leaf.get("subject_ref")
        for modality in names(leaf, "modalities"):
            stop_us = self._stopped.get(_place(leaf, modality))
            if stop_us is not None and stop_us <= whole(leaf, "start_us"):
                yield _finding(leaf, f"lease on {modality} after the opt-out at {stop_us} us")

    def _left(self, leaf: Leaf) -> Iterator[Finding]:
        modality, at_us = leaf.get("modality"), whole(leaf, "at_us")
        place = _place(leaf, modality)
        self._stopped[place] = at_us
        for lease, person in self._open.items():
            if (lease[0], person) == place[:2]:
                self._barred.setdefault(lease, set()).add(modality)
        beyond = [(end_us, seq) for end_us, seq in self._counted.get(place, ()) if end_us > at_us]
        if beyond:
            end_us, seq = beyond[0]
            yield Finding(seq, f"{modality} is counted up to {end_us} us, beyond the opt-out at {at_us} us")

    def _ended(self, leaf: Leaf, barred: set[object]) -> Iterator[Finding]:
        for modality in counted(leaf):
            place = _place(leaf, modality)
            self._counted.setdefault(place, []).append((whole(leaf, "end_us"), whole(leaf, "seq")))
            if modality in barred:
                yield _finding(leaf, f"{modality} is counted after the opt-out")


class Permissions:
    """Every lease stands on an allowing ruling and, where that asks for it, on the answer given at its media time."""

    def __init__(self) -> None:
        self._rulings: dict[Key, Leaf] = {}
        self._answers: dict[Key, list[Leaf]] = {}

    def see(self, leaf: Leaf) -> Iterator[Finding]:
        """What is wrong with an entry."""
        kind = leaf["kind"]
        if kind == "GATE":
            self._rulings[_place(leaf, leaf.get("modality"))] = leaf
        elif kind == "CONSENT":
            answers = self._answers.setdefault(_place(leaf, leaf.get("modality")), [])
            answers.append(leaf)
            # Of answers given for the same media time the later one in the log holds: the sort keeps their order.
            answers.sort(key=lambda answer: whole(answer, "at_us"))
        elif kind == "LEASE":
            for modality in names(leaf, "modalities"):
                yield from self._lease(leaf, modality, _place(leaf, modality))

    def _lease(self, leaf: Leaf, modality: str, place: Key) -> Iterator[Finding]:
        ruling = self._rulings.get(place)
        if ruling is None or ruling.get("decision") != "allow" or _policy(ruling) != _policy(leaf):
            yield _finding(leaf, f"lease on {modality} without an allowing ruling")
            return
        answers, start_us = self._answers.get(place, []), whole(leaf, "start_us")
        answer = next((one for one in reversed(answers) if whole(one, "at_us") <= start_us), None)
        if not (ruling.get("consent_kind") == "none" if answer is None else _is_enough(answer, ruling)):
            yield _finding(leaf, f"lease on {modality} without a consent")
        stands_on = leaf.get("consent_index")
        index = stands_on.get(modality) if isinstance(stands_on, dict) else None
        if index is not None and index not in [one["seq"] for one in answers if one.get("status") == "given"]:
            yield _finding(leaf, f"lease on {modality} names entry {index} as its consent, which is none")


class Loaded:
    """Every policy that rules and every model that runs was loaded, and the log says so before."""

    def __init__(self) -> None:
        self.pruned = False
        """Whether what loaded them may have been removed by retention."""
        self._policies: set[object] = set()
        self._models: set[object] = set()

    def see(self, leaf: Leaf) -> Iterator[Finding]:
        """What is wrong with an entry."""
        match leaf["kind"]:
            case "POLICY_LOAD":
                self._policies.add(leaf.get("policy_digest"))
            case "MODEL_LOAD":
                self._models.add(leaf.get("sha256"))
            case _ if self.pruned:
                return
            case "GATE" if leaf.get("policy_digest") not in self._policies:
                yield _finding(leaf, "a ruling under a policy that no POLICY_LOAD names")
            case "LEASE" | "RESULT":
                digests = names(leaf, "model_digests")
                if set(digests) - self._models:
                    yield _finding(leaf, f"{leaf['kind']} names a model that no MODEL_LOAD names")
                elif set(counted(leaf)) - UNMODELLED and not self._models:
                    yield _finding(leaf, "RESULT counts readings, and no MODEL_LOAD stands before it")


class Erased:
    """Nothing new is read, asked or ruled of a person after the erasure."""

    def __init__(self) -> None:
        self._gone: set[object] = set()

    def see(self, leaf: Leaf) -> Iterator[Finding]:
        """What is wrong with an entry."""
        person = leaf.get("subject_ref")
        if leaf["kind"] == "ERASURE":
            self._gone.add(person)
        elif leaf["kind"] in AFTER_ERASURE and person is not None and person in self._gone:
            yield _finding(leaf, f"{leaf['kind']} about a person who was erased")


def counted(leaf: Leaf) -> Sequence[str]:
    """The modalities of which a result counts readings."""
    return tuple(name for name, n in _counts(leaf).items() if n)


def names(leaf: Leaf, key: str) -> Sequence[str]:
    """A list of words in a field; empty when it is none."""
    value = leaf.get(key)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def whole(leaf: Leaf, key: str, other: int = 0) -> int:
    """A whole number in a field, or another when it is none."""
    value = leaf.get(key)
    return value if isinstance(value, int) else other


def _counts(leaf: Leaf) -> Mapping[str, int]:
    value = leaf.get("counts")
    return {name: n for name, n in value.items() if isinstance(n, int)} if isinstance(value, dict) else {}


def _is_enough(answer: Leaf, ruling: Leaf) -> bool:
    """Whether an answer is a yes to the ruling's purpose, of the kind it asks for or a stronger one."""
    kinds = [one.get("consent_kind") for one in (answer, ruling)]
    if answer.get("status") != "given" or answer.get("purpose") != ruling.get("purpose"):
        return False
    given, wanted = (STRENGTH.get(kind, -1) for kind in kinds)
    return given >= wanted >= 0


def _policy(leaf: Leaf) -> object:
    return leaf.get("policy_digest")


def _place(leaf: Leaf, modality: object) -> Key:
    return leaf.get("call_ref"), leaf.get("subject_ref"), modality


def _finding(leaf: Leaf, problem: str) -> Finding:
    return Finding(whole(leaf, "seq"), problem)
