"""Windows of all labelled stretches that law and consent allow, read once and kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from countenance import __version__
from countenance.analysis.custody import LOG, STORE
from countenance.analysis.labelled.grounds import Room, Terms
from countenance.analysis.labelled.passes import Listener, Task, merged, parts_of, read_part
from countenance.audit.export import export
from countenance.capture.recording import measured, probe
from countenance.contracts.card import Card
from countenance.contracts.errors import MediaError
from countenance.contracts.readings import Window
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.deployment import digests, fingerprint
from countenance.training.datasets.store import Row, check_splits
from countenance.training.windows.cache import WindowCache, key_of
from countenance.training.windows.labelled import LabelledWindow, label_windows
from countenance.training.windows.plan import Plan, Source, plan

CACHE = "windows"

Progress = Callable[[int, int], None]
"""Called with the media time read and the length of all there is to read, both in microseconds."""


@dataclass(frozen=True, slots=True)
class LabelledCalls:
    """What was read, and what was not."""

    windows: tuple[LabelledWindow, ...]
    cards: Mapping[str, Card]
    """The bundles whose encoders were at work."""
    notes: tuple[str, ...]
    read: int
    """Recordings whose media were opened; the others came from earlier runs."""


def read_labelled_calls(rows: Iterable[Row], terms: Terms, folder: Path, progress: Progress) -> LabelledCalls:
    """Windows of all labelled stretches that law and consent allow; kept in `folder`, read again only when changed."""
    rows = list(rows)
    check_splits(rows)
    planned = plan(rows)
    room = Room.open(terms)
    cache = WindowCache(folder / CACHE)
    tasks, unread = _tasks(planned, room)
    cache.keep_only(task.key for task in tasks)
    found = {task.key: kept for task in tasks if (kept := cache.get(task.key)) is not None}
    missing = [task for task in tasks if task.key not in found]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        found |= _read_all(missing, room, folder, cache, progress)
    windows = [window for task in tasks for window in label_windows(found[task.key], task.source.rows)]
    return LabelledCalls(tuple(windows), room.cards, (*planned.notes, *unread), len(missing))


def _tasks(planned: Plan, room: Room) -> tuple[list[Task], tuple[str, ...]]:
    """The sources whose files open, and a line on those that do not."""
    tasks, faults = [], []
    for source in planned.sources:
        try:
            whole_us = max((measured(probe(path)).duration_us or 0 for path in source.files), default=0)
            end_us = max(whole_us if row.end_us is None else row.end_us for row in source.rows)
            tasks.append(Task(_key(source, room), source, end_us))
        except MediaError as error:
            faults.append(error.problem)
    if not tasks:
        raise MediaError(f"no recording can be read: {faults[0]}", "Check the files that the table names.")
    note = f"{len(faults)} recordings cannot be read, the first: {faults[0]}" if faults else ""
    return tasks, (note,) if note else ()


def _key(source: Source, room: Room) -> str:
    person = room.terms.deployment.participant[0]
    return key_of(
        {
            "files": {fingerprint(path): list(modalities) for path, modalities in source.files.items()},
            "stretches": [(row.uid, row.start_us, row.end_us, row.text, row.consent_ref) for row in source.rows],
            "models": {name: dict(card.files) for name, card in room.cards.items()},
            "read": sorted(m for (_, m), r in room.rulings.items() if r.allowed and m in person.consent),
            "fps": room.terms.deployment.fps,
            "subject": source.rows[0].subject_id,
        }
    )


def _read_all(
    tasks: Sequence[Task], room: Room, folder: Path, cache: WindowCache, progress: Progress
) -> dict[str, tuple[Window, ...]]:
    """Read source after source; each is kept as soon as it is whole, so an interruption costs one."""
    total, before, found = sum(task.end_us for task in tasks), 0, {}
    progress(0, total)
    with open_tenant(folder / STORE) as tenant:
        control = Control(tenant, room.gate)
        tenant.log.append_all(
            [
                ("CONFIG", {"config_digest": _config_digest(room), "software": __version__}),
                ("POLICY_LOAD", {"policy_digest": room.gate.digest}),
                *(("MODEL_LOAD", {"model": c.name, "sha256": c.files["model.onnx"]}) for c in room.cards.values()),
            ]
        )
        for task in tasks:
            listener = Listener(partial(_further, progress, before, total))
            parts = [read_part(task, part, room, control, listener) for part in parts_of(task)]
            found[task.key] = tuple(merged(parts))
            cache.put(task.key, found[task.key])
            before += task.end_us
        export(tenant.log, folder / STORE / LOG)
    return found


def _config_digest(room: Room) -> str:
    """Of how recordings are read; of what and whom, a hash could be guessed at after an erasure."""
    models = {name: dict(card.files) for name, card in room.cards.items()}
    decided = {"version": __version__, "models": models, "policy": room.gate.digest}
    return digests(room.terms.deployment, decided, {})[1]


def _further(progress: Progress, before_us: int, total_us: int, at_us: int) -> None:
    progress(before_us + at_us, total_us)
