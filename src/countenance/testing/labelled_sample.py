"""Makes a few small labelled calls, drawn and spoken by the project itself: something to try `train head` on.

What the people show, say and are labelled with is scripted, so a head finds it easily. Its figures say that the way
from a table to a report works, and nothing about real calls.
"""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from countenance.testing.sample_call.people import ANA, BEN, Look
from countenance.testing.sample_call.recording import record
from countenance.testing.sample_call.script import Line, Mien, Script, ScriptedPerson
from countenance.testing.sample_call.voice import Voice

TABLE, TAXONOMY = "metadata.csv", "support-states.toml"
STRETCH_MS = 3_000
ROUNDS = 3
"""How often each person goes through the three states."""
FPS = 5
RATERS = ("r1", "r2", "r3")
HEAD = ("file_name", "start_s", "end_s", "label", "rater", "subject_id", "call_id", "text", "consent_ref")

TAXONOMY_TEXT = """\
name = "support-states"
outputs = ["engagement", "confusion", "frustration"]

[[label]]
name = "content"

[[label]]
name = "puzzled"

[[label]]
name = "annoyed"

[[event]]
name = "annoyance_spike"
label = "annoyed"
enter = 0.4
leave = 0.25
hold_s = 2
"""


@dataclass(frozen=True, slots=True)
class State:
    """How a labelled state is acted."""

    label: str
    mood: str
    shows: dict[str, float]
    texts: tuple[str, ...]


STATES = (
    State(
        "content",
        "relieved",
        {"smile": 0.6},
        ("Great, thank you so much!", "That is wonderful, I am really happy.", "Perfect, that helps a lot."),
    ),
    State(
        "puzzled",
        "puzzled",
        {"brow_lower": 0.5, "brow_raise": 0.2, "roll": 5.0, "smile": -0.1},
        ("I don't understand this letter.", "Sorry, I am confused about the plan.", "What does that even mean?"),
    ),
    State(
        "annoyed",
        "upset",
        {"brow_lower": 0.9, "smile": -0.5},
        ("This is so annoying!", "I am really angry about that charge.", "That is ridiculous, I have had enough!"),
    ),
)

CAST: tuple[tuple[str, Look, Voice], ...] = (
    ("eva", ANA, Voice(210.0, 1.12)),
    ("finn", BEN, Voice(118.0, 0.98)),
    ("gail", replace(ANA, skin=(180, 126, 92), hair=(34, 26, 24), shirt=(150, 70, 80)), Voice(190.0, 1.1)),
    ("hugo", replace(BEN, skin=(222, 176, 146), hair=(120, 92, 60), stubble=0.2), Voice(128.0, 1.0)),
    ("iris", replace(ANA, skin=(120, 80, 58), wall=(150, 160, 178), brow_weight=1.1), Voice(225.0, 1.15)),
)
NEWCOMER = ("jon", replace(BEN, skin=(196, 148, 116), shirt=(70, 90, 70), stubble=0.5), Voice(104.0, 0.96))


@dataclass(frozen=True, slots=True)
class LabelledSample:
    """Where the sample lies."""

    folder: Path
    taxonomy: Path
    newcomer: Path
    """The recording of somebody who is in no row of the table, to try the head on."""


def make_labelled_sample(folder: Path, people: int = len(CAST), rounds: int = ROUNDS) -> LabelledSample:
    """Draw and speak the calls of the first so many people, and write their table and a taxonomy for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as workers:
        jobs = [workers.submit(_record, folder, one, rounds) for one in (*CAST[:people], NEWCOMER)]
        for job in jobs:
            job.result()
    (folder / TABLE).write_text(_table(people, rounds), encoding="utf-8")
    (folder / TAXONOMY).write_text(TAXONOMY_TEXT, encoding="utf-8")
    return LabelledSample(folder, folder / TAXONOMY, _media(folder, NEWCOMER[0]))


def _media(folder: Path, name: str) -> Path:
    return folder / f"{name}.webm"


def _record(folder: Path, one: tuple[str, Look, Voice], rounds: int) -> None:
    """One side of one call; the file takes its name only when it is whole."""
    name, look, voice = one
    draft = _media(folder, name).with_suffix(".part")
    record(_script(name, voice, rounds), name, draft, look)
    draft.replace(_media(folder, name))


def turns_of(rounds: int = ROUNDS) -> list[tuple[int, State, str]]:
    """Start in milliseconds, state and words of every stretch."""
    order = [(state, state.texts[turn % len(state.texts)]) for turn in range(rounds) for state in STATES]
    return [(place * STRETCH_MS, state, text) for place, (state, text) in enumerate(order)]


def _script(name: str, voice: Voice, rounds: int) -> Script:
    turns = turns_of(rounds)
    return Script(
        id=f"call-{name}",
        deployment_id="labelled-sample",
        length=len(turns) * STRETCH_MS,
        purpose="support_qa",
        jurisdictions=("US-CA",),
        on=date(2026, 11, 22),
        started="2026-11-22T09:30:00Z",
        people=(ScriptedPerson(name, "customer", name, voice, ("face", "voice", "text"), FPS),),
        lines=tuple(Line(name, at + 200, at + STRETCH_MS - 200, text, state.mood) for at, state, text in turns),
        miens=tuple(Mien(name, at - 200, at + STRETCH_MS + 200, state.shows) for at, state, _ in turns),
    )


def _table(people: int, rounds: int) -> str:
    """A line per rater; now and then one of the three hears it otherwise."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEAD)
    for person, (name, _, _) in enumerate(CAST[:people]):
        for place, (at, state, words) in enumerate(turns_of(rounds)):
            for number, rater in enumerate(RATERS):
                astray = number == 2 and (place + person) % 4 == 0
                label = STATES[(STATES.index(state) + 1) % len(STATES)].label if astray else state.label
                span = (at / 1000, (at + STRETCH_MS) / 1000)
                row = (f"{name}.webm", *span, label, rater, name, f"call-{name}", words, f"drawn-{name}")
                table.writerow(row)
    return text.getvalue()
