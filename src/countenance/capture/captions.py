"""Three ways of writing down what was said when: WebVTT, SubRip (SRT) and JSON lines, read into cues."""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from countenance.contracts.errors import TranscriptError
from countenance.contracts.media import SECOND_US

LONGEST_US = 100 * 3600 * SECOND_US
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,6}))?")
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]+)>")
TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
CLOCK_REMEDY = "Write times as HH:MM:SS.mmm, or as seconds in JSON lines."


@dataclass(frozen=True, slots=True)
class Cue:
    """Words between two moments, as the file has them."""

    line: int
    """Where it stands in the file, from 1."""
    start_us: int
    end_us: int
    text: str
    """Lines kept apart by newlines, markup gone."""
    speaker: str | None = None
    """As the file names the speaker outside the text; None when only the text can say."""
    confidence: float | None = None
    language: str | None = None


def read_webvtt(text: str) -> Iterator[Cue]:
    """Cues of a WebVTT file; notes, styles, regions and cue settings are passed over."""
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", text):
        raise TranscriptError("line 1: a WebVTT file begins with WEBVTT", "Add that line, or name the file .srt.")
    for number, lines in _blocks(text.partition("\n")[2], first=2):
        header = number == 2 and not any("-->" in line for line in lines)
        if header or re.match(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)", lines[0]):
            continue
        at, start_us, end_us = _timing(number, lines)
        yield from _spoken(number + at, start_us, end_us, "\n".join(lines[at + 1 :]))


def read_srt(text: str) -> Iterator[Cue]:
    """Cues of a SubRip file."""
    for number, lines in _blocks(text):
        at, start_us, end_us = _timing(number, lines)
        yield from _spoken(number + at, start_us, end_us, "\n".join(lines[at + 1 :]))


def read_json_lines(text: str) -> Iterator[Cue]:
    """Cues of a file with one object per line: speaker, start, end, text; confidence and language may be added."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TranscriptError(f"line {number}: not JSON ({error})", "Each line holds one whole object.") from error
        if not isinstance(entry, dict):
            raise TranscriptError(
                f"line {number}: not an object", 'Write {"speaker": ..., "start": ..., ...} per line.'
            )
        yield _entry(number, entry)


def _entry(number: int, entry: dict[str, object]) -> Cue:
    """One object of a JSON lines file."""
    speaker, text, language = (_string(number, entry, key) for key in ("speaker", "text", "language"))
    missing = [key for key in ("speaker", "start", "end", "text") if entry.get(key) is None]
    if missing:
        raise TranscriptError(f"line {number}: {missing[0]!r} is missing", "speaker, start, end and text are needed.")
    confidence = entry.get("confidence")
    if confidence is not None and not (_is_number(confidence) and 0 <= confidence <= 1):
        raise TranscriptError(
            f"line {number}: confidence {confidence!r} is not within 0..1", "Leave it out if unknown."
        )
    start_us, end_us = (_moment(number, entry[key]) for key in ("start", "end"))
    _check_order(number, start_us, end_us)
    return Cue(number, start_us, end_us, text or "", speaker, confidence, language)


def _string(number: int, entry: dict[str, object], key: str) -> str | None:
    value = entry.get(key)
    if value is None or isinstance(value, str):
        return value
    raise TranscriptError(f"line {number}: {key} is not text", f"Write {key} in quotation marks.")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(number: int, value: object) -> int:
    """Seconds as a number, or a clock such as 00:01:02.500, in microseconds."""
    if isinstance(value, str):
        return _clock(number, value)
    if not _is_number(value) or not 0 <= value * SECOND_US <= LONGEST_US:
        raise TranscriptError(f"line {number}: {value!r} is not a time", CLOCK_REMEDY)
    return round(value * SECOND_US)


def _clock(number: int, text: str) -> int:
    match = CLOCK.fullmatch(text.strip())
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:
        raise TranscriptError(f"line {number}: {text.strip()!r} is not a time", CLOCK_REMEDY)
    hours, minutes, seconds, fraction = match.groups()
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    at_us = whole * SECOND_US + int((fraction or "0").ljust(6, "0"))
    if at_us > LONGEST_US:
        raise TranscriptError(f"line {number}: {text.strip()!r} is later than any call", CLOCK_REMEDY)
    return at_us


def _check_order(number: int, start_us: int, end_us: int) -> None:
    if end_us <= start_us:
        raise TranscriptError(
            f"line {number}: ends at {end_us / SECOND_US:g} s but begins at {start_us / SECOND_US:g} s",
            "Give every line a duration above zero.",
        )


def _blocks(text: str, first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between blank lines, with the number of the first of each; the text begins at line `first`."""
    block: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=first):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _timing(number: int, lines: list[str]) -> tuple[int, int, int]:
    """Index of the timing line of a block (first or second), start and end."""
    for at, line in enumerate(lines[:2]):
        if "-->" in line:
            left, _, right = line.partition("-->")
            end = right.split()[0] if right.split() else right
            start_us, end_us = _clock(number + at, left), _clock(number + at, end)
            _check_order(number + at, start_us, end_us)
            return at, start_us, end_us
    raise TranscriptError(f"line {number}: words without a time line", "Put 'start --> end' above them.")


def _spoken(line: int, start_us: int, end_us: int, payload: str) -> Iterator[Cue]:
    """One cue per voice span of a payload, or one for the whole of it."""
    # split() with one group gives: text before any voice, then voice, text, voice, text, ...
    before, *voices = VOICE.split(payload)
    if plain(before):
        yield Cue(line, start_us, end_us, plain(before))
    for voice, words in zip(voices[::2], voices[1::2], strict=True):
        if plain(words):
            yield Cue(line, start_us, end_us, plain(words), html.unescape(voice).strip())


def plain(markup: str) -> str:
    """Cue text without tags and entities."""
    lines = (html.unescape(TAG.sub("", line)).strip() for line in markup.split("\n"))
    return "\n".join(line for line in lines if line)


READERS: dict[str, Callable[[str], Iterator[Cue]]] = {
    "vtt": read_webvtt,
    "srt": read_srt,
    "jsonl": read_json_lines,
}


def sniff(text: str, extension: str) -> str | None:
    """The format that the content shows, else the one the file's name claims, else None."""
    head = text.lstrip()[:2000]
    if head.startswith("WEBVTT"):
        return "vtt"
    if head.startswith("{"):
        return "jsonl"
    if re.match(r"(?:\d+[ \t]*\n)?[\d:,. ]+-->", head):
        return "srt"
    return {"vtt": "vtt", "srt": "srt", "jsonl": "jsonl", "ndjson": "jsonl"}.get(extension.lower().lstrip("."))
