"""Readings on disk: `readings.jsonl` and `events.jsonl`, append only, resumable to the byte."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from countenance.contracts.call import Modality
from countenance.contracts.errors import CountenanceError
from countenance.contracts.readings import Event, Reading
from countenance.contracts.trust import Consent, Ruling
from countenance.surface import blocks
from countenance.surface.blocks import Block, Grounds
from countenance.surface.envelope import (
    CALL_SUMMARY,
    CONSENT_CHANGED,
    POLICY_REFUSED,
    SAMPLE,
    Envelope,
    Envelopes,
    to_line,
)

READINGS = "readings.jsonl"
EVENTS = "events.jsonl"


class OutputError(CountenanceError):
    """A file of the report cannot be written or does not fit its checkpoint."""


class JsonLines:
    """One file of JSON lines; each line is on disk's side of the buffer before `append` returns."""

    def __init__(self, path: Path) -> None:
        """Open the file at its end, or make it."""
        self.path = path
        self._file = path.open("ab")

    def append(self, value: Mapping[str, object]) -> None:
        """Write one line and flush it."""
        self._file.write(to_line(value).encode() + b"\n")
        self._file.flush()

    def position(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def truncate(self, position: int) -> None:
        """Forget everything after a position that `position` gave earlier."""
        size = self.position()
        if position > size:
            raise OutputError(
                f"{self.path} holds {size} bytes, the checkpoint says {position}",
                "The file was changed since; start the analysis anew with another output folder.",
            )
        self._file.truncate(position)
        self._file.seek(position)

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Position:
    """How far both files have come; JSON by `as_json` and `Position(**value)`."""

    readings: int = 0
    """Bytes of readings.jsonl."""
    events: int = 0
    """Bytes of events.jsonl."""
    sequence: int = 0
    """The next sequence number."""

    def as_json(self) -> dict[str, int]:
        """For a checkpoint file."""
        return asdict(self)


START = Position()


class CallFiles:
    """The sink of one call: samples into one file, everything that happens into the other."""

    def __init__(
        self,
        folder: Path,
        envelopes: Envelopes,
        grounds: Callable[[Reading], Grounds],
        at: Position = START,
    ) -> None:
        """Begin at a position, by default with empty files.

        `grounds` says what permitted a reading; it is asked once per reading that is written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._envelopes = envelopes
        self._grounds = grounds
        self._readings = JsonLines(folder / READINGS)
        self._events = JsonLines(folder / EVENTS)
        self._sequence = 0
        self._seen: set[str] = set()
        try:
            self.truncate(at)
        except OutputError:
            self.close()
            raise

    def deliver(self, reading: Reading) -> None:
        """Take one reading; the same reading again changes nothing."""
        if not self._is_new(reading_id(reading)):
            return
        grounds = self._grounds(reading)
        if isinstance(reading, Event):
            self._put(self._events, self._envelopes.event(self._sequence, reading, grounds))
        else:
            self._put(self._readings, self._envelopes.sample(self._sequence, reading, grounds))

    def consent_changed(self, consent: Consent) -> None:
        """Write that an answer changed."""
        if self._is_new(_consent_id(blocks.consent_changed(consent))):
            self._put(self._events, self._envelopes.consent_changed(self._sequence, consent))

    def refused(self, participant_id: str, ruling: Ruling, downgraded_to: tuple[Modality, ...] = ()) -> None:
        """Write that the gate refuses a modality of a participant."""
        if self._is_new(_refusal_id(blocks.refused(participant_id, ruling, ()))):
            self._put(self._events, self._envelopes.refused(self._sequence, participant_id, ruling, downgraded_to))

    def summarised(self, end_us: int) -> None:
        """Write that the summary stands beside this file."""
        if self._is_new("summary"):
            self._put(self._events, self._envelopes.summary(self._sequence, end_us))

    def position(self) -> Position:
        """Where to resume from."""
        return Position(self._readings.position(), self._events.position(), self._sequence)

    def truncate(self, position: Position) -> None:
        """Go back to a position, as if nothing after it had been delivered."""
        self._readings.truncate(position.readings)
        self._events.truncate(position.events)
        self._recall()
        if self._sequence != position.sequence:
            raise OutputError(
                f"{self._readings.path.parent} holds {self._sequence} lines, the checkpoint says {position.sequence}",
                "The files were changed since; start the analysis anew with another output folder.",
            )

    def close(self) -> None:
        """Close both files."""
        self._readings.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_new(self, key: str) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _put(self, file: JsonLines, envelope: Envelope) -> None:
        file.append(envelope)
        self._sequence += 1

    def _recall(self) -> None:
        """Learn from the files what was delivered, so that a redelivery after a resume changes nothing."""
        self._seen = set()
        self._sequence = 0
        for file in (self._readings, self._events):
            for line in read_lines(file.path):
                self._seen.add(_written_id(line))
                self._sequence += 1


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every line of a JSON lines file, one at a time; a torn line is an error that names it."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise OutputError(
                    f"{path} line {number} is not whole JSON",
                    "Delete the folder and run the analysis again, or resume it from its checkpoint.",
                ) from error
            yield value


def reading_id(reading: Reading) -> str:
    """What makes a reading the same reading."""
    if isinstance(reading, Event):
        return f"event {reading.signal_id} {reading.phase.value}"
    return f"sample {reading.participant_id} {reading.taxonomy} {reading.start_us} {reading.end_us}"


def _written_id(envelope: Mapping[str, Any]) -> str:
    """The reading id of a line that was written earlier."""
    kind, data = envelope["type"], envelope["data"]
    if kind == SAMPLE:
        window = data["window"]
        who = data["subject"]["participant_id"]
        return f"sample {who} {data['taxonomy']} {window['start_us']} {window['end_us']}"
    if kind == CONSENT_CHANGED:
        return _consent_id(data)
    if kind == POLICY_REFUSED:
        return _refusal_id(data)
    if kind == CALL_SUMMARY:
        return "summary"
    return f"event {data['signal_id']} {kind.split('.')[-2]}"


def _consent_id(data: Block) -> str:
    return f"consent {data['participant_id']} {data['modality']} {data['version']} {data['status']} {data['at_us']}"


def _refusal_id(data: Block) -> str:
    return f"refused {data['participant_id']} {data['modality']}"
