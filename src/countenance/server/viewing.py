"""Who sees what of a call: readings of one person go to that person and to the human reviewer whom the ruling names."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from countenance.contracts.call import FACE, TEXT, VOICE, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.contracts.trust import Case, Duties, Effect
from countenance.policy.gate import Gate
from countenance.policy.rules import question_of
from countenance.policy.vocabulary import SUBJECT_ONLY
from countenance.server.access import Caller
from countenance.surface.envelope import PREFIX, SAMPLE, is_individual, participant_of

WORD = re.compile(r"[a-z0-9_.]{1,100}")
MOST_WORDS = 32

DutiesOf = Callable[[str], Iterable[Duties]]
"""What the rulings that allow reading a participant demand."""


def may_review(caller: Caller, duties: Iterable[Duties]) -> bool:
    """Whether a caller is the human reviewer for a person of whom these duties speak; nobody is where none do."""
    found = tuple(duties)
    return bool(found) and caller.reviewer and all(_names(one, str(caller.position)) for one in found)


def duties_of_role(gate: Gate, purpose: Purpose, role: Role, on: date) -> tuple[Duties, ...]:
    """What every law asks of looking at people in a role, for a call whose rulings are only in the log any more."""
    cases = [Case(purpose, role, modality, "engagement", "individual", (), on) for modality in (FACE, VOICE, TEXT)]
    questions = [question_of(case) for case in cases]
    return tuple(
        Duties(human_role=rule.duties.human_role, names=rule.duties.names)
        for rule in gate.rules
        if rule.effect is Effect.REQUIRE and any(rule.concerns(question) for question in questions)
    )


@dataclass(frozen=True, slots=True)
class Viewer:
    """One reader of one call."""

    caller: Caller
    duties_of: DutiesOf

    def sees(self, envelope: Mapping[str, object]) -> bool:
        """Whether this reader may have an event."""
        who = participant_of(envelope)
        own = None if self.caller.seat is None else self.caller.seat.participant_id
        if is_individual(str(envelope["type"])):
            if who is None:
                return own is None and self.caller.reviewer
            return who is not None and (who == own or (own is None and may_review(self.caller, self.duties_of(who))))
        return own is None or who in (None, own)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The types of events that a reader asks for; none named: all but the samples of every second."""

    words: tuple[str, ...] = ()
    samples: bool = False

    @classmethod
    def parse(cls, types: str | None, *, samples: bool = False) -> "Wanted":
        """Types by full name, or in short: `engagement_low`, `consent.changed`; raises UsageError."""
        words = tuple(word.strip() for word in (types or "").split(",") if word.strip())
        if len(words) > MOST_WORDS or not all(WORD.fullmatch(word) for word in words):
            remedy = "Write full types or short ones such as engagement_low, separated by commas."
            raise UsageError("`types` holds something that is no type of event", remedy)
        return cls(words, samples)

    @property
    def individual(self) -> bool:
        """Whether readings of single people are asked for by name."""
        return self.samples or any(not _is_general(word) for word in self.words)

    def takes(self, kind: str) -> bool:
        """Whether an event of this type is wanted; a gap always is."""
        if kind == SAMPLE:
            return self.samples or any(word in _short(kind) for word in self.words)
        if kind.startswith(f"{PREFIX}.stream."):
            return True
        return not self.words or any(word in _short(kind) for word in self.words)


def _short(kind: str) -> tuple[str, ...]:
    """The names a type goes by: `io.countenance.signal.engagement_low.started.v1` is `engagement_low` too."""
    bare = kind.removeprefix(f"{PREFIX}.").removesuffix(".v1")
    inner = bare.removeprefix("signal.")
    return kind, bare, inner, inner.removesuffix(".started").removesuffix(".ended")


def _is_general(word: str) -> bool:
    bare = word.removeprefix(f"{PREFIX}.").removesuffix(".v1")
    return bare in GENERAL


GENERAL = (
    "signal.aggregate",
    "aggregate",
    "consent.changed",
    "policy.refused",
    "call.summary",
    "note.accepted",
    "subject.erased",
    "media.lost",
    "stream.gap",
)
"""Events without anybody's readings, by their short names."""


def _names(duties: Duties, position: str) -> bool:
    """Whether duties leave the looking to this position; where they name nobody, any reviewer may.

    Two rules that name two roles leave it to nobody: no further rule lets anybody look.
    """
    if SUBJECT_ONLY in duties.names:
        return False
    return duties.human_role is None or set(duties.human_role.split(" and ")) == {position}
