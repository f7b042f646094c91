"""The events of one live call for any number of readers: one ring, no queue per reader.

A reader who pauses costs nothing but its place in the ring. Who falls out of it is sent away with the number to resume
from. What has left the ring comes from what the store keeps, after a `gap` that says how much of it is not kept.
Everything here happens on the event loop's thread.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import NAMESPACE_URL, uuid5

from countenance.contracts.errors import CountenanceError, UsageError
from countenance.surface.envelope import STREAM_GAP, Envelope

RING = 4_096
"""Events kept per call: more than two minutes of thirty people at one sample a second each."""
DIGITS = 12
START = "0" * DIGITS
"""Before the first event of a call."""
END = "9" * DIGITS

Older = Callable[[str, str], Awaitable[Sequence[Envelope]]]
"""Kept events with a sequence after the first and before the second, in order."""


class SlowReaderError(CountenanceError):
    """A reader took events more slowly than they came."""

    def __init__(self, resume_after: str) -> None:
        super().__init__("events came faster than they were taken", f"Come back with after={resume_after}.")
        self.resume_after = resume_after


async def nothing_older(after: str, before: str) -> Sequence[Envelope]:  # noqa: ARG001
    """No store keeps the events of this call."""
    return ()


def sequence_of(text: str) -> str:
    """A place in a stream as the envelopes write it; raises UsageError."""
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        raise UsageError(f"{text[:40]!r} is no place in a stream", "Give the `sequence` of the last event you have.")
    return text.zfill(DIGITS)


class Stream:
    """What one call says, in order."""

    def __init__(self, source: str, older: Older = nothing_older, ring: int = RING) -> None:
        """`source`: the attribute of all its envelopes."""
        self._source = source
        self._older = older
        self._size = ring
        self._ring: list[tuple[str, Envelope | None]] = []
        self._count = 0
        self.ended = False
        """Nothing comes any more."""
        self._news = asyncio.Event()

    @property
    def last(self) -> str:
        """The sequence of the newest event."""
        return self._sequence(self._count - 1) if self._count else START

    def publish(self, envelope: Envelope) -> None:
        """Give an event to every reader; its entry in the log is durable by now."""
        sequence = str(envelope["sequence"])
        if self._count and sequence <= self.last:
            raise UsageError(f"event {sequence} comes after {self.last}", "Number the events of a call upwards.")
        if self._count < self._size:
            self._ring.append((sequence, envelope))
        else:
            self._ring[self._count % self._size] = (sequence, envelope)
        self._count += 1
        self._wake()

    def since(self, place: int) -> tuple[Sequence[Envelope], int]:
        """What the ring holds from a place on, without waiting, and the place to go on from; begin with 0."""
        found = (self._ring[at % self._size][1] for at in range(max(place, self._oldest), self._count))
        return [one for one in found if one is not None], self._count

    def forget(self, subject: str) -> None:
        """Drop what the ring holds of a person who is erased; `subject`: the attribute of their envelopes."""
        for place, (sequence, envelope) in enumerate(self._ring):
            if envelope is not None and envelope.get("subject") == subject:
                self._ring[place] = (sequence, None)

    def end(self) -> None:
        """The call is over: readers get what is left, and finish."""
        self.ended = True
        self._wake()

    async def follow(self, after: str | None = None) -> AsyncIterator[Envelope]:
        """Events after this sequence, or from now on; raises SlowReaderError when the reader is too slow."""
        place, seen = self._count, self.last if after is None else after
        if after is not None:
            place = bisect_right(range(self._count), after, lo=self._oldest, key=self._sequence)
            before = self._sequence(place) if place < self._count else None
            if place == self._oldest and _between(after, before):
                for envelope in await self._kept(after, before):
                    seen = str(envelope["sequence"])
                    yield envelope
        while True:
            news = self._news
            while place < self._count:
                if place < self._oldest:
                    raise SlowReaderError(seen)
                sequence, event = self._ring[place % self._size]
                place += 1
                # What came while the store was asked may be among what it gave.
                if sequence > seen:
                    seen = sequence
                    if event is not None:
                        yield event
            if self.ended:
                return
            await news.wait()

    @property
    def _oldest(self) -> int:
        """The place of the first event that the ring holds."""
        return max(0, self._count - self._size)

    def _sequence(self, place: int) -> str:
        return self._ring[place % self._size][0]

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _kept(self, after: str, before: str | None) -> Sequence[Envelope]:
        """What the store keeps of what the ring has lost, after a word on what it does not keep."""
        kept = await self._older(after, before or END)
        until = before or (str(kept[-1]["sequence"]) if kept else after)
        lost = _between(after, until) - len(kept) + (before is None and bool(kept))
        return kept if lost <= 0 else (self._gap(after, until, lost), *kept)

    def _gap(self, after: str, before: str, lost: int) -> Envelope:
        """So many events between two sequences are kept nowhere; it stands at the place that the reader had."""
        return {
            "specversion": "1.0",
            "id": str(uuid5(NAMESPACE_URL, f"{self._source}#gap-{after}-{before}")),
            "source": self._source,
            "type": STREAM_GAP,
            "datacontenttype": "application/json",
            "dataschema": f"/schemas/{STREAM_GAP}.json",
            "sequence": after,
            "dataclassification": "internal",
            "data": {"after": after, "before": before, "lost": lost},
        }


def _between(after: str, before: str | None) -> int:
    """How many sequences lie between two; one at least where the end is not known."""
    return 1 if before is None else max(0, int(before) - int(after) - 1)
