"""Is everything there: each result has its lease, ruling, consent and model, and nothing is read of whom it may not.

Rules look at entries in the order of the log, one at a time, and keep only what they must compare with.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from countenance.audit.entries import LARGEST
from countenance.audit.fields import Key, counts_of, names, person_of, place_of, whole, word
from countenance.audit.reading import Finding, Leaf
from countenance.contracts.trust import CONSENT_KINDS

Report = Callable[[int, str], None]
"""Takes the number of an entry and what is wrong with it."""
AFTER_ERASURE = frozenset({"GATE", "CONSENT", "LEASE", "RESULT", "NOTICE", "SUPPRESSED"})
UNMODELLED = frozenset({"telemetry"})
"""What is counted without a model: turn-taking infers nothing."""
STRENGTH: Mapping[object, int] = {kind: place for place, kind in enumerate(CONSENT_KINDS)}
PENDING_US = 60_000_000
"""How long before the end of the log a lease may have begun and still be open."""


class Rule(Protocol):
    """Something that must hold of every log."""

    kinds: frozenset[str]
    """The kinds of entries it must see."""

    def see(self, leaf: Leaf, kind: object) -> None:
        """Report what is wrong with an entry."""
        ...


class Completeness:
    """All rules over one log."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._leases = Leases(self._report)
        self._loaded = Loaded(self._report)
        rules: tuple[Rule, ...] = (
            self._leases,
            OptOuts(self._report),
            Permissions(self._report),
            self._loaded,
            Erased(self._report),
        )
        kinds = frozenset[str]().union(*(rule.kinds for rule in rules))
        self._rules: Mapping[object, tuple[Rule, ...]] = {
            kind: tuple(rule for rule in rules if kind in rule.kinds) for kind in kinds
        }
        self._begun: dict[object, bool] = {}
        self._last: Leaf | None = None

    def see(self, leaves: Sequence[Leaf], *, pruned: bool = False) -> list[Finding]:
        """What is wrong with the next entries; `pruned` when retention has removed entries before them."""
        self._loaded.pruned |= pruned
        for leaf in leaves:
            if not pruned or self._is_whole(leaf):
                kind = leaf["kind"]
                for rule in self._rules.get(kind, ()):
                    rule.see(leaf, kind)
        self._last = leaves[-1] if leaves else self._last
        return self._told()

    def end(self) -> list[Finding]:
        """What is wrong once the log has ended; a lease of its last minute may still run."""
        for leaf in self._leases.open():
            last = self._last or leaf
            age_us = whole(last, "t_mono") - whole(leaf, "t_mono")
            if age_us > PENDING_US or leaf.get("boot_id") != last.get("boot_id"):
                self._report(whole(leaf, "seq"), f"lease {leaf.get('lease')} never ends")
        return self._told()

    def _is_whole(self, leaf: Leaf) -> bool:
        """False for entries of a call that began before the oldest entry kept: a call begins with a ruling."""
        call = word(leaf, "call_ref")
        return call is None or self._begun.setdefault(call, leaf["kind"] == "GATE")

    def _report(self, seq: int, problem: str) -> None:
        self._found.append(Finding(seq, problem))

    def _told(self) -> list[Finding]:
        found, self._found = self._found, []
        return found


class Leases:
    """Every lease ends once, in a result, a close or a recovery, and no result counts what its lease does not cover."""

    kinds = frozenset({"LEASE", "RESULT", "LEASE_CLOSE", "RECOVERY"})

    def __init__(self, report: Report) -> None:
        self._report = report
        self._open: dict[Key, Leaf] = {}

    def see(self, leaf: Leaf, kind: object) -> None:
        """Report what is wrong with an entry."""
        lease = word(leaf, "lease")
        key = (word(leaf, "call_ref"), lease)
        if kind == "LEASE":
            if not names(leaf, "modalities"):
                self._report(whole(leaf, "seq"), f"lease {lease} is on no modality")
            if key in self._open:
                self._report(whole(leaf, "seq"), f"lease {lease} is given twice")
            self._open[key] = leaf
        elif kind != "RECOVERY" or lease is not None:
            given = self._open.pop(key, None)
            if problem := ", which is not open" if given is None else _beyond(given, leaf):
                self._report(whole(leaf, "seq"), f"{kind} for lease {lease}{problem}")

    def open(self) -> Iterable[Leaf]:
        """The leases that have not ended."""
        return self._open.values()


class OptOuts:
    """No result counts a modality that its person has stopped, in the order of the log and in media time."""

    kinds = frozenset({"LEASE", "OPT_OUT", "CONSENT", "RESULT", "LEASE_CLOSE", "RECOVERY"})

    def __init__(self, report: Report) -> None:
        self._report = report
        self._open: dict[Key, object] = {}
        self._barred: dict[Key, set[object]] = {}
        self._counted: defaultdict[Key, array[int]] = defaultdict(partial(array, "q"))
        """Of each result that counts a modality: the end of its media time and its number, in turn."""
        self._stopped: dict[Key, int] = {}

    def see(self, leaf: Leaf, kind: object) -> None:
        """Report what is wrong with an entry."""
        lease = (word(leaf, "call_ref"), word(leaf, "lease"))
        if kind == "LEASE":
            self._leased(leaf, lease)
        elif kind == "OPT_OUT":
            self._left(leaf)
        elif kind == "CONSENT":
            if leaf.get("status") == "given":
                self._stopped.pop(place_of(leaf), None)
        else:
            self._open.pop(lease, None)
            barred = self._barred.pop(lease, ())
            if kind == "RESULT":
                self._ended(leaf, barred)

    def _leased(self, leaf: Leaf, lease: Key) -> None:
        self._open[lease] = word(leaf, "subject_ref")
        for modality in names(leaf, "modalities") if self._stopped else ():
            stop_us = self._stopped.get((*person_of(leaf), modality))
            if stop_us is not None and stop_us <= whole(leaf, "start_us"):
                self._report(whole(leaf, "seq"), f"lease on {modality} after the opt-out at {stop_us} us")

    def _left(self, leaf: Leaf) -> None:
        modality, at_us = word(leaf, "modality"), whole(leaf, "at_us")
        place = place_of(leaf)
        self._stopped[place] = at_us
        for lease, person in self._open.items():
            if (lease[0], person) == place[:2]:
                self._barred.setdefault(lease, set()).add(modality)
        ends = self._counted[place]
        for end_us, seq in zip(ends[::2], ends[1::2], strict=True):
            if end_us > at_us:
                self._report(seq, f"{modality} is counted up to {end_us} us, beyond the opt-out at {at_us} us")

    def _ended(self, leaf: Leaf, barred: Iterable[object]) -> None:
        end_us, seq = min(max(whole(leaf, "end_us"), 0), LARGEST), whole(leaf, "seq")
        call, person = person_of(leaf)
        for modality, n in counts_of(leaf).items():
            if n:
                self._counted[call, person, modality].extend((end_us, seq))
                if modality in barred:
                    self._report(seq, f"{modality} is counted after the opt-out")


class Permissions:
    """Every lease stands on an allowing ruling and, where that asks for it, on the answer given at its media time."""

    kinds = frozenset({"GATE", "CONSENT", "LEASE"})

    def __init__(self, report: Report) -> None:
        self._report = report
        self._rulings: dict[Key, Leaf] = {}
        self._answers: dict[Key, list[Leaf]] = {}
        self._sound: dict[Key, tuple[int, object, object]] = {}
        """Of the last lease that was right: from when on, under which policy and on which consent the next is too."""

    def see(self, leaf: Leaf, kind: object) -> None:
        """Report what is wrong with an entry."""
        if kind == "LEASE":
            call, person = person_of(leaf)
            stands_on = leaf.get("consent_index")
            for modality in names(leaf, "modalities"):
                index = stands_on.get(modality) if type(stands_on) is dict else None
                self._lease(leaf, (call, person, modality), index)
            return
        place = place_of(leaf)
        self._sound.pop(place, None)
        if kind == "GATE":
            self._rulings[place] = leaf
        else:
            answers = self._answers.setdefault(place, [])
            answers.append(leaf)
            # Of answers given for the same media time the later one in the log holds: the sort keeps their order.
            answers.sort(key=lambda answer: whole(answer, "at_us"))

    def _lease(self, leaf: Leaf, place: Key, index: object) -> None:
        start_us, sound = whole(leaf, "start_us"), self._sound.get(place)
        if sound is not None and start_us >= sound[0] and (leaf.get("policy_digest"), index) == sound[1:]:
            return
        ruling, seq, modality = self._rulings.get(place), whole(leaf, "seq"), place[-1]
        allowed = ruling is not None and ruling.get("decision") == "allow"
        if ruling is None or not allowed or ruling.get("policy_digest") != leaf.get("policy_digest"):
            self._report(seq, f"lease on {modality} without an allowing ruling")
            return
        answers = self._answers.get(place, [])
        answer = next((one for one in reversed(answers) if whole(one, "at_us") <= start_us), None)
        agreed = ruling.get("consent_kind") == "none" if answer is None else _is_enough(answer, ruling)
        named = index is None or any(one["seq"] == index and one.get("status") == "given" for one in answers)
        if not agreed:
            self._report(seq, f"lease on {modality} without a consent")
        if not named:
            self._report(seq, f"lease on {modality} names entry {index} as its consent, which is none")
        if agreed and named and (not answers or answer is answers[-1]):
            since_us = -LARGEST if answer is None else whole(answer, "at_us")
            self._sound[place] = (since_us, leaf.get("policy_digest"), index)


class Loaded:
    """Every policy that rules and every model that runs was loaded, and the log says so before."""

    kinds = frozenset({"POLICY_LOAD", "MODEL_LOAD", "GATE", "LEASE", "RESULT"})

    def __init__(self, report: Report) -> None:
        self._report = report
        self.pruned = False
        """Whether what loaded them may have been removed by retention."""
        self._policies: set[object] = set()
        self._models: set[object] = set()

    def see(self, leaf: Leaf, kind: object) -> None:
        """Report what is wrong with an entry."""
        if kind == "POLICY_LOAD":
            self._policies.add(word(leaf, "policy_digest"))
        elif kind == "MODEL_LOAD":
            self._models.add(word(leaf, "sha256"))
        elif self.pruned:
            return
        elif kind == "GATE":
            if word(leaf, "policy_digest") not in self._policies:
                self._report(whole(leaf, "seq"), "a ruling under a policy that no POLICY_LOAD names")
        elif not self._models.issuperset(names(leaf, "model_digests")):
            self._report(whole(leaf, "seq"), f"{kind} names a model that no MODEL_LOAD names")
        elif not self._models and any(n and one not in UNMODELLED for one, n in counts_of(leaf).items()):
            self._report(whole(leaf, "seq"), "RESULT counts readings, and no MODEL_LOAD stands before it")


class Erased:
    """Nothing new is read, asked or ruled of a person after the erasure."""

    kinds = AFTER_ERASURE | {"ERASURE"}

    def __init__(self, report: Report) -> None:
        self._report = report
        self._gone: set[object] = set()

    def see(self, leaf: Leaf, kind: object) -> None:
        """Report what is wrong with an entry."""
        if kind == "ERASURE":
            self._gone.add(word(leaf, "subject_ref"))
        elif self._gone and (person := word(leaf, "subject_ref")) is not None and person in self._gone:
            self._report(whole(leaf, "seq"), f"{kind} about a person who was erased")


def _is_enough(answer: Leaf, ruling: Leaf) -> bool:
    """Whether an answer is a yes to the ruling's purpose, of the kind it asks for or a stronger one."""
    given, wanted = (STRENGTH.get(word(one, "consent_kind"), -1) for one in (answer, ruling))
    right = answer.get("status") == "given" and answer.get("purpose") == ruling.get("purpose")
    return right and given >= wanted >= 0


def _beyond(given: Leaf, ended: Leaf) -> str:
    """In what an entry goes beyond the lease that it ends; empty where it does not."""
    allowed, limit, counts = names(given, "modalities"), whole(given, "limit", LARGEST), counts_of(ended)
    for modality, n in counts.items():
        if n and modality not in allowed:
            return " counts a modality that the lease does not cover"
    if any(n > limit for n in counts.values()):
        return f" counts more than the {limit} that the lease allows"
    person = ended.get("subject_ref")
    return "" if person is None or person == given.get("subject_ref") else " names another person than the lease"
