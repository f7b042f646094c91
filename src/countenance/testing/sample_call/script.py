"""The script of the sample call as values: what is drawn, spoken and expected."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from typing import Any, Literal

from countenance.contracts.readings import Reason
from countenance.testing.sample_call.voice import Voice

Cause = Literal["away", "dark", "folder"]

REASON_OF: Mapping[str, Reason] = {"away": Reason.NO_FACE, "dark": Reason.LOW_LIGHT, "folder": Reason.OCCLUDED}
"""Why no face is read while this goes on."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A consent taken back."""

    modality: str
    at: int
    """Milliseconds since call start."""


@dataclass(frozen=True, slots=True)
class ScriptedPerson:
    """One of the two people."""

    name: str
    role: str
    look: str
    voice: Voice
    consent: tuple[str, ...]
    fps: int
    withdraw: tuple[Withdrawal, ...] = ()

    def withdrawn_at(self, modality: str) -> int | None:
        """When the consent to a modality ends, in milliseconds, or None."""
        return min((one.at for one in self.withdraw if one.modality == modality), default=None)


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody says, in milliseconds since call start."""

    who: str
    start: int
    end: int
    text: str
    mood: str = "calm"
    meant: str | None = None
    """The label of `engagement.v1` that these words must raise."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which a face cannot be read, on whole seconds."""

    who: str
    start: int
    end: int
    cause: Cause

    @property
    def reason(self) -> Reason:
        """The abstain reason that must come out."""
        return REASON_OF[self.cause]


@dataclass(frozen=True, slots=True)
class Mien:
    """What a face shows for a while, added to its ordinary look."""

    who: str
    start: int
    end: int
    shows: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Script:
    """The whole call."""

    id: str
    deployment_id: str
    length: int
    """Milliseconds."""
    purpose: str
    jurisdictions: tuple[str, ...]
    on: date
    started: str
    people: tuple[ScriptedPerson, ...]
    lines: tuple[Line, ...]
    gaps: tuple[Gap, ...] = ()
    miens: tuple[Mien, ...] = field(default=())

    def person(self, name: str) -> ScriptedPerson:
        """The person of this name."""
        return next(person for person in self.people if person.name == name)

    def lines_of(self, name: str) -> tuple[Line, ...]:
        """What one person says, in order."""
        return tuple(line for line in self.lines if line.who == name)

    def silences(self, at_least: int) -> tuple[tuple[int, int], ...]:
        """Stretches of at least so many milliseconds in which nobody speaks."""
        found, quiet_from = [], 0
        for line in sorted(self.lines, key=lambda one: one.start):
            if line.start - quiet_from >= at_least:
                found.append((quiet_from, line.start))
            quiet_from = max(quiet_from, line.end)
        if self.length - quiet_from >= at_least:
            found.append((quiet_from, self.length))
        return tuple(found)

    def interruptions(self) -> tuple[tuple[str, str], ...]:
        """Who breaks in on whom: begins within another's line and goes on after its end."""
        return tuple(
            (late.who, early.who)
            for late in self.lines
            for early in self.lines
            if late.who != early.who and early.start < late.start < early.end < late.end
        )


SUPPORT, SALES = "script", "sales"
"""The scripts that ship with the product: a support call, and a sales call for coaching."""


def read_script(name: str = SUPPORT) -> Script:
    """A script that ships with the product."""
    return parse_script(script_text(name))


def script_text(name: str = SUPPORT) -> str:
    """A script as it is written."""
    return (files("countenance.testing.sample_call") / f"{name}.toml").read_text(encoding="utf-8")


def parse_script(text: str) -> Script:
    """Values out of the script's TOML; an unknown key is a TypeError that names it."""
    data = tomllib.loads(text)
    call: dict[str, Any] = data.pop("call")
    call["jurisdictions"] = tuple(call["jurisdictions"])
    people = tuple(_person(table) for table in data.pop("person"))
    lines = tuple(Line(**table) for table in data.pop("line"))
    gaps = tuple(Gap(**table) for table in data.pop("gap", ()))
    miens = tuple(Mien(**table) for table in data.pop("mien", ()))
    if data:
        raise TypeError(f"unknown table {next(iter(data))!r} in the script")
    return Script(**call, people=people, lines=lines, gaps=gaps, miens=miens)


def _person(table: dict[str, Any]) -> ScriptedPerson:
    withdraw = tuple(Withdrawal(**one) for one in table.pop("withdraw", ()))
    return ScriptedPerson(
        **table | {"voice": Voice(**table["voice"]), "consent": tuple(table["consent"]), "withdraw": withdraw}
    )
