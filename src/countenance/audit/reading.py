"""Entries as a verifier reads them: JSON in its one canonical spelling, numbered, of a known kind, in order of time."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from countenance.audit.entries import KINDS, LARGEST, VERSION, canonical

Leaf = Mapping[str, object]
"""An entry's fields, envelope and body side by side."""

DRIFT_US = 2_000_000
"""How far the wall clock may run apart from the monotonic one between two entries without a CLOCK_ANOMALY."""
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
KNOWN = frozenset(KINDS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    seq: int
    """The first entry that it touches."""
    problem: str


def read(entries: Sequence[bytes], start: int) -> tuple[list[Leaf], list[Finding]]:
    """The fields of consecutive entries from index `start`, and what is wrong with their form."""
    leaves: list[Leaf] = []
    findings: list[Finding] = []
    for seq, data in enumerate(entries, start):
        leaf = _plainly(data)
        quick = leaf is not None
        leaf = _parse(data) if leaf is None else leaf
        if leaf is None:
            findings.append(Finding(seq, "the entry is not a JSON object of the log"))
        elif not _is_good(leaf, seq):
            findings.append(Finding(seq, _fault(leaf, seq)))
        elif not quick and not _is_canonical(leaf, data):
            findings.append(Finding(seq, "the entry is not in its canonical spelling"))
        else:
            leaves.append(leaf)
    return leaves, findings


class Clocks:
    """Watches the two clocks of the log over its entries in order."""

    def __init__(self) -> None:
        self._text: object = None
        self._last: tuple[datetime, int, object] | None = None

    def see(self, leaves: Sequence[Leaf]) -> list[Finding]:
        """Where time runs back or jumps and no CLOCK_ANOMALY says so."""
        found = []
        for leaf in leaves:
            last, text = self._last, leaf["t_utc"]
            mono_us, boot = _whole(leaf["t_mono"]), leaf["boot_id"]
            if last is not None and text == self._text and mono_us == last[1] and boot == last[2]:
                continue
            now = _moment(text)
            if now is None:
                found.append(Finding(_whole(leaf["seq"]), "the entry has no time in UTC"))
                continue
            self._text, self._last = text, (now, mono_us, boot)
            if last is not None and leaf["kind"] != "CLOCK_ANOMALY" and (problem := _jump(last, self._last)):
                found.append(Finding(_whole(leaf["seq"]), problem))
        return found


def _nothing_but_integers(text: str) -> object:
    raise ValueError(f"a number that is not whole: {text}")


_decode = json.JSONDecoder(parse_float=_nothing_but_integers, parse_constant=_nothing_but_integers).decode


def _plainly(data: bytes) -> Leaf | None:
    """The fields of an entry such as the log writes, whose bytes are their one spelling; None sends it the slow way."""
    try:
        leaf = orjson.loads(data)
        if not isinstance(leaf, dict) or orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS) != data:
            return None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return leaf if data.isascii() and _is_whole(leaf.values()) else None


def _is_whole(values: Iterable[object]) -> bool:
    """Whether all numbers are whole, at every level; one beyond 64 bits comes as a float and counts as none."""
    for value in values:
        kind = type(value)
        if kind is str or kind is int:  # nearly all of them
            continue
        if isinstance(value, float):
            return False
        if isinstance(value, dict) and not _is_whole(value.values()):
            return False
        if isinstance(value, list) and not _is_whole(value):
            return False
    return True


def _parse(data: bytes) -> Leaf | None:
    """The object that an entry is; None when it is none."""
    try:
        leaf = _decode(data.decode("latin-1"))
    except (ValueError, RecursionError):
        return None
    return leaf if isinstance(leaf, dict) else None


def _is_good(leaf: Leaf, seq: int) -> bool:
    """Whether the fields that every entry has are there and right."""
    try:
        mono, number, version = leaf["t_mono"], leaf["seq"], leaf["v"]
        words = type(leaf["boot_id"]) is type(leaf["tenant"]) is type(leaf["t_utc"]) is type(leaf["kind"]) is str
        whole = type(mono) is type(number) is type(version) is int
        return words and whole and number == seq and version == VERSION and leaf["kind"] in KNOWN and _is_time(mono)
    except KeyError:
        return False


def _is_time(mono: object) -> bool:
    return isinstance(mono, int) and 0 <= mono <= LARGEST


def _fault(leaf: Leaf, seq: int) -> str:
    """What is wrong with the fields that every entry has."""
    get = leaf.get
    if type(get("seq")) is not int or get("seq") != seq:
        return f"the entry is numbered {get('seq')!r}"
    if type(get("v")) is not int or get("v") != VERSION:
        return f"the entry has version {get('v')!r}, known is {VERSION}"
    if type(get("kind")) is not str or get("kind") not in KNOWN:
        return f"the entry has the unknown kind {get('kind')!r}"
    if type(get("t_mono")) is not int or not _is_time(get("t_mono")):
        return "the entry has no time by the monotonic clock"
    return "the entry does not say whose it is, or when it was made"


def _is_canonical(leaf: Leaf, data: bytes) -> bool:
    try:
        return canonical(leaf) == data
    except (ValueError, RecursionError):
        return False


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str) or not TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _jump(last: tuple[datetime, int, object], now: tuple[datetime, int, object]) -> str:
    """What is odd about the time between two entries; empty when nothing is."""
    step = now[0] - last[0]
    wall_us = (step.days * 86_400 + step.seconds) * 1_000_000 + step.microseconds
    if wall_us < 0:
        return f"the wall clock went back by {-wall_us} us and no CLOCK_ANOMALY says so"
    mono_us = now[1] - last[1]
    if now[2] != last[2]:
        return ""
    if mono_us < 0:
        return "the monotonic clock went back within one run of the machine"
    if abs(wall_us - mono_us) > DRIFT_US:
        return f"the wall clock jumped by {wall_us - mono_us} us and no CLOCK_ANOMALY says so"
    return ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
