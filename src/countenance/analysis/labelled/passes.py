"""One recording through the product's own session, with leases and a log; its windows in labelled stretches are kept.

A recording is read from its beginning to the end of its last stretch, so that a speaker's baseline is the one that a
live call would have there. The words of a stretch are read at its beginning, so that its seconds are learnt with them;
they fade as on a call.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from countenance.analysis import custody
from countenance.analysis.custody import DAY_US
from countenance.analysis.labelled.grounds import WHO, Room
from countenance.capture.replay import ReplayConnector
from countenance.capture.sampling import Grid
from countenance.closing import Stages
from countenance.contracts.call import TEXT, Modality, TrackKind
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.readings import Prediction, Window
from countenance.contracts.stages import Fusion
from countenance.contracts.trust import Consent, LogEntry
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.fusion.pool import PoolFusion
from countenance.permission import DirectGuard, Permissions
from countenance.session import Session
from countenance.storage.clocks import micros
from countenance.storage.store import Transaction
from countenance.training.datasets.store import Row
from countenance.training.windows.plan import Source

PAPER = "paper"
"""The context under which the reference of a consent is sealed."""


@dataclass(frozen=True, slots=True)
class Task:
    """One source to read, and the name under which its windows are kept."""

    key: str
    source: Source
    end_us: int


@dataclass(frozen=True, slots=True)
class Part:
    """One file, or words alone, and what is read of it."""

    path: Path | None
    modalities: tuple[Modality, ...]


def parts_of(task: Task) -> list[Part]:
    """The files of a source one by one, or its words alone."""
    return [Part(path, modalities) for path, modalities in task.source.files.items()] or [Part(None, (TEXT,))]


def read_part(task: Task, part: Part, room: Room, control: Control, listener: "Listener") -> tuple[Window, ...]:
    """One pass over one file through the product's own session."""
    name = f"{task.key}/{'-'.join(part.modalities)}"
    permissions = room.permissions(name, part.modalities)
    kept_days = min((r.duties.retention_days for r in room.rulings.values() if r.allowed), default=0)
    people = {WHO: task.source.rows[0].subject_id or name}
    call = custody.open_recorded(control, permissions.call, people, room.cards.values(), kept_days)
    for (_, modality), ruling in room.rulings.items():
        if modality in part.modalities:
            call.ruled(WHO, ruling)
    _agreed(control, call, permissions, task, kept_days)
    keep = _Keeping(PoolFusion(), task)
    stages = Stages(lambda _: room.samplers(permissions), room.encoders, keep, (), ())
    session = Session(permissions, stages, DirectGuard(permissions, call.leases), listener)
    asyncio.run(_listen(_connector(task, part, room), session, permissions, task))
    control.end_call(call)
    return tuple(keep.windows)


def _agreed(control: Control, call: RunningCall, permissions: Permissions, task: Task, kept_days: int) -> None:
    """Log each consent, bound to the paper it stands on by a commitment whose salt goes with the person."""
    vault, subject = control.tenant.vault, call.subjects[WHO]
    papers = sorted({row.consent_ref for row in task.source.rows if row.consent_ref})
    record = vault.record(json.dumps({"consent_ref": papers}).encode())
    due_us = micros(control.clock.utc()) + kept_days * DAY_US

    def keep(tx: Transaction, entries: Sequence[LogEntry]) -> None:
        vault.seal(tx, subject, record, PAPER, call.call_ref, entries[0].seq, due_us)

    for consent in permissions.register.records:
        call.leases.answered(consent, {"payload_commit": record.commitment}, keep)


async def _listen(connector: ReplayConnector, session: Session, permissions: Permissions, task: Task) -> None:
    async with connector.join(permissions.call) as tap:
        await session.run(tap, task.end_us)


def _connector(task: Task, part: Part, room: Room) -> ReplayConnector:
    """Nothing is decoded beyond the last labelled stretch."""
    said = tuple(_utterances(task.source.rows)) if TEXT in part.modalities else ()
    stops = {f"{WHO}/{kind}": [_whole_second(task.end_us)] for kind in TrackKind}
    paths = {} if part.path is None else {WHO: part.path}
    return ReplayConnector(paths, said, Grid(room.terms.deployment.fps), stops_us=stops)


def _utterances(rows: Iterable[Row]) -> Iterator[Utterance]:
    for row in rows:
        if row.text:
            start_us = row.start_us or 0
            end_us = min(start_us + SECOND_US // 2, row.end_us or start_us + SECOND_US // 2)
            yield Utterance(f"{WHO}/{TrackKind.TEXT}", WHO, start_us, end_us, row.text)


def _whole_second(at_us: int) -> int:
    return -(-at_us // SECOND_US) * SECOND_US


@dataclass(slots=True)
class _Keeping:
    """A fusion that keeps the windows inside labelled stretches."""

    inner: Fusion
    task: Task
    windows: list[Window] = field(default_factory=list)

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """What the inner fusion says."""
        self.windows += [w for w in windows if any(_touches(w, row) for row in self.task.source.rows)]
        return self.inner.fuse(windows)


def _touches(window: Window, row: Row) -> bool:
    return row.start_us is None or row.end_us is None or (window.start_us < row.end_us and window.end_us > row.start_us)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of what happens: progress."""

    at: Callable[[int], None]

    def on_window(self, end_us: int) -> None:
        """Tell how far it is."""
        self.at(end_us)

    def on_consent(self, consent: Consent) -> None:
        """Nobody changes an answer in a recording that is learnt from."""

    def on_words(self, said: Utterance) -> None:
        """They are in the windows."""


def merged(parts: Sequence[Sequence[Window]]) -> Iterator[Window]:
    """The windows of several passes, second by second; what another pass gives is not missing."""
    if len(parts) == 1:
        yield from parts[0]
        return
    by_start: dict[int, list[Window]] = {}
    for window in (window for part in parts for window in part):
        by_start.setdefault(window.start_us, []).append(window)
    for _, found in sorted(by_start.items()):
        observations = tuple(seen for window in found for seen in window.observations)
        heard = {seen.modality for seen in observations if seen.abstain is None}
        missing = {m: why for window in found for m, why in window.missing.items() if m not in heard}
        yield replace(found[0], observations=observations, missing=missing)
