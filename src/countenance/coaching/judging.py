"""Whether a condition holds, second by second; three answers: it does, it does not, nobody can know.

A judge remembers what its condition needs, so one belongs to one rule and one person of one call.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from countenance.coaching import counting
from countenance.coaching.conditions import Certainty, Condition, Side, StateCondition
from countenance.coaching.found import NO, UNKNOWN, Found, Judge
from countenance.coaching.scene import Scene, certainty
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US

ORDER = tuple(Certainty)
SPOKEN_US = 60 * SECOND_US
"""How far back a prompt says how much somebody spoke."""


def judge_of(condition: Condition, person: str | None) -> Judge:
    """A fresh judge; `person`: of whom states are read, on the other side of the coach."""
    if condition.every is not None:
        return _Every([judge_of(one, person) for one in condition.every])
    if condition.some is not None:
        return _Some([judge_of(one, person) for one in condition.some])
    if condition.never is not None:
        return _Never(judge_of(condition.never, person))
    if condition.state is not None:
        return StateJudge(condition.state, person)
    return _counted(condition)


def _counted(condition: Condition) -> Judge:
    made: Judge | None = None
    if condition.talk is not None:
        made = counting.talks(condition.talk)
    elif condition.speaks is not None:
        made = counting.speaks(condition.speaks)
    elif condition.monologue is not None:
        made = counting.goes_on(condition.monologue)
    elif condition.silence is not None:
        made = counting.is_silent(condition.silence)
    elif condition.said is not None:
        made = counting.said(condition.said)
    elif condition.questions is not None:
        made = counting.asked(condition.questions)
    if made is None:
        raise UsageError("a condition says nothing", "Write one of state, talk, speaks, silence, said, questions.")
    return made


@dataclass(slots=True)
class StateJudge:
    """N of the last M seconds on one side of a limit, entered at the limit and left at another."""

    condition: StateCondition
    person: str | None
    _seconds: deque[tuple[int, bool, float]] = field(default_factory=deque)
    _known: deque[int] = field(default_factory=deque)
    _inside: bool = False
    _holds: bool = False
    _height: float = 0.0
    """The highest estimate since the last fall, where that matters."""
    _since_us: int = 0
    _lasted: int = 0

    def __call__(self, scene: Scene, since_us: int) -> Found:
        """The answer after this second."""
        self._take(scene)
        first_us = max(scene.end_us - self.condition.of_s * SECOND_US, since_us)
        while self._seconds and self._seconds[0][0] <= first_us:
            self._seconds.popleft()
        on = [one for one in self._seconds if one[1]]
        # Once it holds it takes half as much to go on as it took to begin.
        need = self.condition.for_s if not self._holds else (self.condition.for_s + 1) // 2
        self._mark(scene, on, holds=len(on) >= need)
        if not self._holds:
            return NO if any(end_us > first_us for end_us in self._known) else UNKNOWN
        sure = certainty(median(width for _, _, width in on))
        return Found(True, self._lasted, self._since_us, sure, features=tuple(self._features(scene))[:3])

    def _features(self, scene: Scene) -> Iterator[tuple[str, float]]:
        """What moved the label where it leads; how high it was, and is; how much they spoke."""
        state, label = scene.states.get(self.person or ""), self.condition.label
        if state is not None and state.label == label:
            yield from state.evidence
        if state is not None and label in state.labels:
            yield f"estimate.{label}", state.labels[label].value
        if self.condition.after_at_least is not None:
            yield f"before.{label}", self._height
        if scene.measures(Side.OTHER):
            spoken = scene.talk_us(Side.OTHER, scene.end_us - SPOKEN_US)
            yield f"talk.seconds.{Side.OTHER}", spoken / SECOND_US

    def _take(self, scene: Scene) -> None:
        state = scene.states.get(self.person or "")
        estimate = None if state is None else state.labels.get(self.condition.label)
        if estimate is None:
            self._inside = False
            self._seconds.append((scene.end_us, False, 1.0))
            return
        self._known.append(scene.end_us)
        while self._known[0] <= scene.end_us - self.condition.of_s * SECOND_US:
            self._known.popleft()
        fallen = self._height >= (self.condition.after_at_least or 0.0)
        self._inside = fallen and self._is_inside(estimate.value)
        self._height = max(self._height, estimate.value)
        sure = ORDER.index(certainty(estimate.width)) >= ORDER.index(self.condition.certainty)
        self._seconds.append((scene.end_us, self._inside and sure, estimate.width))

    def _is_inside(self, value: float) -> bool:
        c = self.condition
        if c.at_least is not None:
            return value >= (c.leave if self._inside and c.leave is not None else c.at_least)
        limit = c.leave if self._inside and c.leave is not None else c.at_most
        return limit is not None and value <= limit

    def _mark(self, scene: Scene, on: Sequence[tuple[int, bool, float]], *, holds: bool) -> None:
        if holds and not self._holds:
            self._since_us, self._lasted = on[0][0] - SECOND_US, len(on)
        elif holds and on[-1][0] == scene.end_us:
            self._lasted += 1
        elif self._holds and not holds:
            # A fall is over once the estimate is back: the next needs a height of its own.
            self._height = 0.0
        self._holds = holds


@dataclass(slots=True)
class _Every:
    judges: Sequence[Judge]

    def __call__(self, scene: Scene, since_us: int) -> Found:
        found = [judge(scene, since_us) for judge in self.judges]
        if any(one.holds is False for one in found):
            return NO
        return UNKNOWN if any(one.holds is None for one in found) else _joined(found)


@dataclass(slots=True)
class _Some:
    judges: Sequence[Judge]

    def __call__(self, scene: Scene, since_us: int) -> Found:
        found = [judge(scene, since_us) for judge in self.judges]
        so = [one for one in found if one.holds]
        if so:
            return _joined(so)
        return UNKNOWN if any(one.holds is None for one in found) else NO


@dataclass(slots=True)
class _Never:
    judge: Judge

    def __call__(self, scene: Scene, since_us: int) -> Found:
        found = self.judge(scene, since_us)
        return UNKNOWN if found.holds is None else Found(holds=not found.holds)


def _joined(found: Sequence[Found]) -> Found:
    """What several answers that hold rest on together."""
    sure = [one.certainty for one in found if one.certainty is not None]
    times = [one.since_us for one in found if one.since_us is not None]
    first = max(found, key=lambda one: one.seconds)
    return replace(
        first,
        holds=True,
        since_us=min(times, default=None),
        certainty=min(sure, key=ORDER.index, default=None),
        share=next((one.share for one in found if one.share is not None), None),
        words=next((one.words for one in found if one.words is not None), None),
        features=tuple(dict.fromkeys(feature for one in found for feature in one.features))[:3],
    )
