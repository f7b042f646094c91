"""Entries as a verifier reads them: JSON in its one canonical spelling, numbered, of a known kind, in order of time."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from countenance.audit.entries import KINDS, LARGEST, VERSION, canonical

Leaf = Mapping[str, object]
"""An entry's fields, envelope and body side by side."""

DRIFT_US = 2_000_000
"""How far the wall clock may run apart from the monotonic one between two entries without a CLOCK_ANOMALY."""
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
PRINTED = bytes(range(0x21, 0x7F)).replace(b"\\", b"")
MINUS_NOUGHT = re.compile(rb"-0[,\]}]")
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
    whole = b"".join(entries)
    # In text of this kind the spelling of numbers and strings leaves no choice; the order of keys is looked at below.
    plain = not whole.translate(None, PRINTED) and not MINUS_NOUGHT.search(whole)
    text, at = whole.decode("latin-1"), 0
    for seq, data in enumerate(entries, start):
        leaf = _parse(text, at, at + len(data))
        at += len(data)
        if leaf is None:
            findings.append(Finding(seq, "the entry is not a JSON object of the log"))
        elif not _is_good(leaf, seq):
            findings.append(Finding(seq, _fault(leaf, seq)))
        elif not (plain and _in_order(leaf, data)) and not _is_canonical(leaf, data):
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


_decode = json.JSONDecoder(parse_float=_nothing_but_integers, parse_constant=_nothing_but_integers).raw_decode


def _parse(text: str, start: int, end: int) -> Leaf | None:
    """The object that fills a stretch of text exactly; None when there is none."""
    try:
        leaf, stop = _decode(text, start)
    except (ValueError, RecursionError):
        return None
    return leaf if stop == end and isinstance(leaf, dict) else None


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


@lru_cache(maxsize=1_000)
def _sorted(keys: tuple[str, ...]) -> bool:
    return list(keys) == sorted(keys)


def _in_order(leaf: Leaf, data: bytes) -> bool:
    """Whether the keys stand in order at every level and none twice: then there are as many as the text has.

    An object within a list is not counted, which sends the entry to the slow way; the log writes none.
    """
    if not _sorted(tuple(leaf)):
        return False
    written = data.count(b'":')
    return written == len(leaf) or written == _keys_in_order(leaf)


def _keys_in_order(value: Mapping[str, object]) -> int | None:
    """The number of keys of an object at all levels; None when some are out of order."""
    total = len(value) if _sorted(tuple(value)) else None
    for part in value.values():
        if type(part) is dict and total is not None:
            below = _keys_in_order(part)
            total = None if below is None else total + below
    return total


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
