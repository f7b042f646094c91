"""How a deployment coaches: which playbook, in which language, within which limits, and when not at all."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import field_validator, model_validator

from countenance.coaching.coach import Manner, Quiet, never
from countenance.coaching.conditions import Language
from countenance.coaching.governor import USUAL, Limits
from countenance.coaching.playbook import Identifier, Playbook, load, offered, read_playbook
from countenance.inference.tables import Table, near

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class CoachingTable(Table):
    """What calls are coached by where they do not say it themselves."""

    playbook: str | None = None
    """A shipped one by name (`sales.v1`, or `sales` for the newest); nobody is coached when left out."""
    file: Path | None = None
    """A playbook of your own in its place."""
    language: Language = "en"
    """Of those who are coached."""
    off: tuple[Identifier, ...] = ()
    """Rules that are not used here."""
    quiet: tuple[str, ...] = ()
    """Hours without prompts, such as 18:00-08:00, where `timezone` is."""
    timezone: str = "UTC"
    limits: Limits = USUAL

    @field_validator("quiet")
    @classmethod
    def _hours_are_hours(cls, quiet: tuple[str, ...]) -> tuple[str, ...]:
        for hours in quiet:
            if not HOURS.fullmatch(hours):
                raise ValueError(f"{hours!r} is no stretch of the day; write 18:00-08:00")
        return quiet

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        if zone not in (known := available_timezones()):
            raise ValueError(f"unknown time zone {zone!r}. {near(zone, known)}")
        return zone

    @field_validator("playbook")
    @classmethod
    def _playbook_is_shipped(cls, name: str | None) -> str | None:
        if name is not None and name not in (known := offered()):
            raise ValueError(f"there is no playbook {name!r}. {near(name, known)}")
        return name

    @model_validator(mode="after")
    def _is_one_playbook(self) -> Self:
        if self.playbook is not None and self.file is not None:
            raise ValueError("a deployment has one playbook; leave `playbook` or `file` out")
        return self

    def below(self, folder: Path) -> "CoachingTable":
        """The same, its file relative to a folder."""
        return self if self.file is None else self.model_copy(update={"file": folder / self.file})

    @property
    def book(self) -> Playbook | None:
        """The playbook, if there is one; raises UsageError where a file of one's own is wrong."""
        if self.file is not None:
            return read_playbook(self.file)
        return None if self.playbook is None else load(self.playbook)


def manner_of(table: CoachingTable, seed: str, started_at: str | None, language: Language | None = None) -> Manner:
    """How one call is coached; `started_at`: RFC 3339 of its media time zero, without which no hour is known."""
    return Manner(seed, language or table.language, table.limits, frozenset(table.off), quiet_of(table, started_at))


def quiet_of(table: CoachingTable, started_at: str | None) -> Quiet:
    """Whether a moment of a call lies in quiet hours: a matter of when it began, not of any clock."""
    if started_at is None or not table.quiet:
        return never
    began, zone = datetime.fromisoformat(started_at).astimezone(UTC), ZoneInfo(table.timezone)
    stretches = [tuple(map(int, match.groups())) for hours in table.quiet if (match := HOURS.fullmatch(hours))]
    spans = [(time(one[0], one[1]), time(one[2], one[3])) for one in stretches]

    def quiet(at_us: int) -> bool:
        now = (began + timedelta(microseconds=at_us)).astimezone(zone).time()
        return any(_within(now, start, end) for start, end in spans)

    return quiet


def _within(now: time, start: time, end: time) -> bool:
    return start <= now < end if start < end else now >= start or now < end
