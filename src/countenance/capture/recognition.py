"""Recognisers that take a whole stretch of voice and may need seconds for it: they run on a thread of their own."""

import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.capture.voiceactivity import FRAME, levels_db
from countenance.contracts.call import Track
from countenance.contracts.errors import MediaError
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Utterance

LONGEST = 12 * SAMPLE_RATE
"""Samples after which unbroken speech is cut, at its quietest moment of the last 3 s."""
SHORTEST = SAMPLE_RATE // 4
"""A cough is no utterance: shorter stretches are dropped."""
WAITING = 4
"""Stretches that may wait for the recogniser; then the oldest is dropped, for late words are of least use."""
_CUT = 3 * SAMPLE_RATE
_NICE = 10


@dataclass(frozen=True, slots=True)
class Heard:
    """Words in a stretch of sound; times count from its beginning."""

    start_us: int
    end_us: int
    text: str
    confidence: float | None = None
    language: str | None = None


class Recogniser(Protocol):
    """Sound to words; slow, and called from one thread only."""

    def recognise(self, pcm: NDArray[np.int16]) -> Iterable[Heard]:
        """Words in order; 16 kHz mono. Raises MediaError when it cannot read this sound."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    hearing: "_Hearing"
    at_us: int
    pcm: NDArray[np.int16]


class LocalTranscriber:
    """One recogniser on this machine, on one thread of low priority: it never delays what reads faces and voices."""

    def __init__(self, make: Callable[[], Recogniser]) -> None:
        """`make` loads the recogniser; it runs on the thread, and what it raises is raised here."""
        self._waiting: deque[_Stretch] = deque()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._over = False
        self._thread = ThreadPoolExecutor(1, "transcriber", _give_way)
        made = self._thread.submit(make)
        if made.exception() is not None:
            self._thread.shutdown()
        self._recogniser = made.result()

    @property
    def recipient(self) -> str | None:
        """Nobody: the voice stays on this machine."""
        return None

    def open(self, track: Track, say: Callable[[Utterance], None]) -> "_Hearing":
        """Begin with the voice behind a text track."""
        return _Hearing(self, track, say)

    def counts(self) -> Mapping[str, int]:
        """Utterances said, and stretches dropped: too short, no room, unreadable, or nobody may hear them any more."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """End the thread; a stretch that is being recognised is finished and not said."""
        with self._lock:
            self._over = True
            self._waiting.clear()
        self._thread.shutdown()

    def put(self, stretch: _Stretch) -> None:
        """Queue a stretch; the oldest gives way."""
        with self._lock:
            reason = "short" if len(stretch.pcm) < SHORTEST else None
            reason = "closed" if stretch.hearing.closed or self._over else reason
            if reason is not None:
                self._counts[f"dropped_{reason}"] += 1
                return
            self._waiting.append(stretch)
            if len(self._waiting) > WAITING:
                self._waiting.popleft()
                self._counts["dropped_busy"] += 1
            self._thread.submit(self._recognise).add_done_callback(_surface)

    def forget(self, hearing: "_Hearing") -> None:
        """Drop what waits of somebody."""
        with self._lock:
            kept = [stretch for stretch in self._waiting if stretch.hearing is not hearing]
            self._counts["dropped_closed"] += len(self._waiting) - len(kept)
            self._waiting = deque(kept)

    def _recognise(self) -> None:
        with self._lock:
            stretch = self._waiting.popleft() if self._waiting else None
        if stretch is None:
            return  # it gave way, or nobody may hear it any more
        try:
            for heard in self._recogniser.recognise(stretch.pcm):
                self._say(stretch, heard)
        except MediaError:
            with self._lock:
                self._counts["dropped_failed"] += 1

    def _say(self, stretch: _Stretch, heard: Heard) -> None:
        length_us = len(stretch.pcm) * SECOND_US // SAMPLE_RATE
        text = " ".join(heard.text.split())
        if not text or heard.start_us >= length_us:
            return  # recognisers pad what they hear, and invent words in the padding
        start_us, end_us = stretch.at_us + heard.start_us, stretch.at_us + min(heard.end_us, length_us)
        track = stretch.hearing.track
        said = Utterance(track.id, track.participant_id, start_us, end_us, text, heard.confidence, heard.language)
        with self._lock:
            self._counts["utterances" if stretch.hearing.say(said) else "dropped_closed"] += 1


class _Hearing:
    """The voice of one person, cut into stretches."""

    def __init__(self, transcriber: LocalTranscriber, track: Track, say: Callable[[Utterance], None]) -> None:
        self.track = track
        self._transcriber = transcriber
        self._say: Callable[[Utterance], None] | None = say
        self._saying = threading.Lock()
        self._at_us = 0
        self._pcm = np.zeros(0, np.int16)

    @property
    def closed(self) -> bool:
        """Whether nothing may be said any more."""
        return self._say is None

    def hear(self, voice: AudioChunk) -> None:
        """Take voice; a gap begins a new stretch."""
        if len(self._pcm) and voice.at_us != self._at_us + len(self._pcm) * SECOND_US // SAMPLE_RATE:
            self.pause()
        if not len(self._pcm):
            self._at_us = voice.at_us
        self._pcm = np.concatenate([self._pcm, voice.pcm])
        while len(self._pcm) >= LONGEST:
            self._cut(_quietest(self._pcm[:LONGEST]))

    def pause(self) -> None:
        """Hand over what was said."""
        if len(self._pcm):
            self._cut(len(self._pcm))

    def close(self) -> None:
        """Say nothing any more."""
        with self._saying:
            self._say = None
        self._pcm = np.zeros(0, np.int16)
        self._transcriber.forget(self)

    def say(self, said: Utterance) -> bool:
        """Pass words on, unless it was closed meanwhile."""
        with self._saying:
            if self._say is None:
                return False
            self._say(said)
            return True

    def _cut(self, at: int) -> None:
        self._transcriber.put(_Stretch(self, self._at_us, self._pcm[:at]))
        self._pcm = self._pcm[at:]
        self._at_us += at * SECOND_US // SAMPLE_RATE


def _quietest(pcm: NDArray[np.int16]) -> int:
    """Just after the quietest 20 ms of the last 3 s: words are seldom cut there."""
    levels = levels_db(pcm[-_CUT:].reshape(-1, FRAME))
    return len(pcm) - _CUT + (int(np.argmin(levels)) + 1) * FRAME


def _surface(done: "Future[None]") -> None:
    """What nobody foresaw goes to the log, and the next stretch is recognised all the same."""
    done.result()


def _give_way() -> None:
    """Lower the priority of this thread, where a thread has one; threads it starts have the same."""
    if sys.platform == "linux":
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
