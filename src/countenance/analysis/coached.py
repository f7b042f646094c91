"""Coaching of a recorded call: the seconds that were read, one after another, as its coach would have had them live."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from countenance.assembly import Job
from countenance.coaching.coach import Coach
from countenance.coaching.conditions import Side
from countenance.coaching.prompts import Arm, Prompt
from countenance.coaching.scene import Tick, state_of
from countenance.coaching.settings import manner_of
from countenance.contracts.call import TEXT
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.telemetry import Stretch
from countenance.surface.advised import Advice, Advised
from countenance.surface.envelope import SAMPLE
from countenance.surface.files import READINGS, read_lines

SPEAKING = {True: "yes", False: "no", None: "unknown"}


def advised(job: Job, folder: Path, talk: Iterable[Stretch], words: Iterable[Utterance]) -> Advised | None:
    """What the coach would have been advised; `talk` and `words`: what may be measured and read. None: nobody asked."""
    table = job.deployment.coaching
    if (playbook := table.book) is None:
        return None
    coach = Coach(playbook, manner_of(table, job.call.id, job.call.started_at))
    sides = {one.id: side for one in job.call.participants if (side := playbook.side(one.role)) is not None}
    for tick in _ticks(job, folder, sides, tuple(talk), tuple(words), playbook.taxonomy):
        coach.step(tick)
    roles = {one.id: one.role for one in job.call.participants}
    prompts = tuple(_advice(one, roles) for one in coach.prompts.values())
    return Advised(playbook.name, coach.manner.language, prompts)


def _ticks(
    job: Job,
    folder: Path,
    sides: Mapping[str, Side],
    talk: tuple[Stretch, ...],
    words: tuple[Utterance, ...],
    taxonomy: str,
) -> Iterator[Tick]:
    read: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for line in read_lines(folder / READINGS):
        if line["type"] == SAMPLE and line["data"]["taxonomy"] == taxonomy:
            read[line["data"]["window"]["end_us"]].append(line["data"])
    measured = frozenset(one.participant_id for one in talk)
    barred = job.permissions.barred
    for end_us in sorted(read):
        start_us = end_us - SECOND_US
        yield Tick(
            end_us,
            sides,
            tuple(map(state_of, read[end_us])),
            tuple(_within(talk, start_us, end_us)),
            tuple(one for one in words if start_us < one.end_us <= end_us),
            measured,
            frozenset(who for who in sides if barred(who, TEXT, end_us - 1) is None),
        )


def _within(talk: Iterable[Stretch], start_us: int, end_us: int) -> Iterator[Stretch]:
    for one in talk:
        if one.start_us < end_us and one.end_us > start_us:
            yield Stretch(max(one.start_us, start_us), min(one.end_us, end_us), one.participant_id, one.source)


def _advice(one: Prompt, roles: Mapping[str, Any]) -> Advice:
    return Advice(
        rule_id=one.rule_id,
        at_us=one.at_us,
        onset_us=one.onset_us,
        participant_id=one.about,
        role=None if one.about is None else roles[one.about],
        reason=one.reason,
        text=one.text,
        confidence=one.confidence,
        why=tuple((why.name, why.words, why.value) for why in one.why),
        coach_speaking=SPEAKING[one.coach_speaking],
        shown=one.arm is Arm.SHOWN,
        acted=one.acted,
        acted_us=one.acted_us,
    )
