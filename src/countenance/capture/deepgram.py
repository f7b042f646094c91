"""Words by Deepgram's streaming service: the voice leaves this machine, so the people must have been told.

One connection per speaker, opened when they speak and closed after a while of silence; nothing but gated voice is sent.
"""

import bisect
import importlib
import queue
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from countenance.capture.speechgate import Pause
from countenance.contracts.call import Track
from countenance.contracts.errors import RefusedError, UsageError
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Utterance

DEEPGRAM = "Deepgram"
"""How a notice must name who receives the voice."""
WAITING = 200
"""Pieces of voice that wait for the network; then the oldest goes."""

REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN)
"""Answers that asking again does not change."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where and how to ask."""

    key: str = field(repr=False)
    url: str = "https://api.deepgram.com"
    model: str = "nova-3"
    language: str | None = None
    keep_alive_s: float = 4.0
    """The service hangs up after 10 s without a word from us."""
    idle_s: float = 20.0
    """After so much silence the connection is given back."""
    retry_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)
    """How long to wait before trying again; the last one stays."""


class DeepgramTranscriber:
    """Streams voice to Deepgram with its own package."""

    def __init__(self, service: Service, recipients: tuple[str, ...]) -> None:
        """`recipients`: whom the deployment's notice names; where Deepgram is not among them, nothing is sent."""
        if not any(DEEPGRAM.casefold() in name.casefold() for name in recipients):
            raise RefusedError(
                f"transcription by {DEEPGRAM} sends voices to a company that the notice does not name",
                f"Name {DEEPGRAM} among the recipients in [terms], and ask the people again; or transcribe here.",
            )
        self._connect = _connector(service)
        self._service = service
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._hearings: list[_Stream] = []

    @property
    def recipient(self) -> str | None:
        """Deepgram hears the voice."""
        return DEEPGRAM

    def open(self, track: Track, say: Callable[[Utterance], None]) -> "_Stream":
        """Begin with the voice behind a text track; nothing is connected before somebody speaks."""
        stream = _Stream(track, say, self._service, self._connect, self.count)
        self._hearings = [*(one for one in self._hearings if one.running), stream]
        return stream

    def counts(self) -> Mapping[str, int]:
        """Utterances, connections, failures, and pieces of voice dropped."""
        with self._lock:
            return dict(self._counts)

    def count(self, what: str) -> None:
        """Count something, from any thread."""
        with self._lock:
            self._counts[what] += 1

    def close(self) -> None:
        """End every connection."""
        for stream in self._hearings:
            stream.close()
            stream.join()
        self._hearings.clear()


class _Stream:
    """One speaker's connections, one after the other, on a thread of its own."""

    def __init__(
        self,
        track: Track,
        say: Callable[[Utterance], None],
        service: Service,
        connect: Callable[[], Any],
        count: Callable[[str], None],
    ) -> None:
        self._track, self._service, self._connect, self._count = track, service, connect, count
        self._say: Callable[[Utterance], None] | None = say
        self._saying = threading.Lock()
        self._waiting: queue.Queue[AudioChunk | Pause] = queue.Queue(WAITING)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deepgram", daemon=True)
        self._thread.start()

    def hear(self, voice: AudioChunk) -> None:
        """Queue voice; the oldest gives way."""
        self._put(voice)

    def pause(self) -> None:
        """Ask for the words of what was said so far."""
        self._put(Pause(0))

    def close(self) -> None:
        """Send nothing any more and say nothing any more."""
        with self._saying:
            self._say = None
        self._over.set()
        self._put(Pause(0))

    @property
    def running(self) -> bool:
        """Whether its thread still has something to do."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait for the connection to be gone."""
        self._thread.join()

    def _put(self, item: AudioChunk | Pause) -> None:
        while True:
            try:
                self._waiting.put_nowait(item)
            except queue.Full:
                self._next(0)
                self._count("dropped_busy")
            else:
                return

    def _next(self, timeout_s: float | None) -> AudioChunk | Pause | None:
        try:
            return self._waiting.get(timeout=timeout_s) if timeout_s != 0 else self._waiting.get_nowait()
        except queue.Empty:
            return None

    def _run(self) -> None:
        failures = 0
        while not self._over.is_set():
            first = self._next(None)
            if not isinstance(first, AudioChunk):
                continue
            try:
                with self._connect() as socket:
                    self._count("connections")
                    self._converse(socket, first)
                failures = 0
            except _lost() as error:
                self._count("dropped_lost")
                if _status(error) in REFUSALS:
                    self._count("refused")
                    return
                self._over.wait(self._service.retry_s[min(failures, len(self._service.retry_s) - 1)])
                failures += 1

    def _converse(self, socket: Any, first: AudioChunk) -> None:  # noqa: ANN401 - the package's socket
        """Send until it was silent for a while; words come back on a second thread."""
        sent = _Sent()
        reader = threading.Thread(target=self._read, args=(socket, sent), name="deepgram-words", daemon=True)
        reader.start()
        item: AudioChunk | Pause | None = first
        silent_s = 0.0
        while not self._over.is_set() and silent_s < self._service.idle_s:
            if isinstance(item, AudioChunk):
                sent.note(item)
                socket.send_media(item.pcm.tobytes())
                silent_s = 0.0
            elif item is not None:
                socket.send_finalize()
            else:
                socket.send_keep_alive()
                silent_s += self._service.keep_alive_s
            item = self._next(self._service.keep_alive_s)
        if not self._over.is_set():
            socket.send_close_stream()
            reader.join()

    def _read(self, socket: Any, sent: "_Sent") -> None:  # noqa: ANN401 - the package's socket
        try:
            for message in socket:
                if getattr(message, "type", None) == "Results" and message.is_final:
                    self._hand_on(message, sent)
        except _lost():
            return  # whoever sends meets the same end, and tries again

    def _hand_on(self, results: Any, sent: "_Sent") -> None:  # noqa: ANN401 - the package's message
        best = next(iter(results.channel.alternatives), None)
        if best is None or not best.transcript.strip():
            return
        start_us, end_us = sent.starts_us(results.start), sent.ends_us(results.start + results.duration)
        language = next(iter(getattr(best, "languages", None) or ()), self._service.language)
        who = self._track.participant_id
        said = Utterance(self._track.id, who, start_us, end_us, best.transcript.strip(), best.confidence, language)
        with self._saying:
            if self._say is not None:
                self._say(said)
                self._count("utterances")


class _Sent:
    """What was sent on one connection, and when it was said: silence is left out, so the two times differ."""

    def __init__(self) -> None:
        self._sent = 0
        self._from: list[int] = []
        self._at_us: list[int] = []
        self._after_us: int | None = None

    def note(self, voice: AudioChunk) -> None:
        """This is sent now."""
        if voice.at_us != self._after_us:
            self._at_us.append(voice.at_us)
            self._from.append(self._sent)
        self._sent += len(voice.pcm)
        self._after_us = voice.end_us

    def starts_us(self, seconds: float) -> int:
        """Media time of a moment of the connection; one between two stretches begins the second."""
        sample = round(seconds * SAMPLE_RATE)
        return self._at(bisect.bisect_right(self._from, sample), sample)

    def ends_us(self, seconds: float) -> int:
        """The same, but a moment between two stretches ends the first."""
        sample = round(seconds * SAMPLE_RATE)
        return self._at(bisect.bisect_left(self._from, sample), sample)

    def _at(self, following: int, sample: int) -> int:
        index = max(0, following - 1)
        return self._at_us[index] + max(0, sample - self._from[index]) * SECOND_US // SAMPLE_RATE


def _connector(service: Service) -> Callable[[], Any]:
    """How the package connects; it keeps the key out of its logs and its errors, and a test sees that it does."""
    try:
        package = importlib.import_module("deepgram")
        environment = importlib.import_module("deepgram.environment").DeepgramClientEnvironment
    except ImportError as error:
        raise UsageError(
            "transcription by deepgram needs the package deepgram-sdk", "Install the extra: countenance[deepgram]."
        ) from error
    socket_url = "ws" + service.url.removeprefix("http")
    where = environment(base=service.url, production=socket_url, agent=socket_url, agent_rest=service.url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the package still names old parts of websockets
        listen = package.DeepgramClient(api_key=service.key, environment=where).listen.v1
    asked = {"model": service.model, "encoding": "linear16", "sample_rate": str(SAMPLE_RATE)}
    asked |= {"channels": "1", "punctuate": "true", "interim_results": "false", "mip_opt_out": "true"}
    if service.language is not None:
        asked["language"] = service.language

    def connect() -> Any:  # noqa: ANN401 - the package's context manager
        return listen.connect(**asked)

    return connect


def _status(error: Exception) -> int | None:
    """The HTTP status with which a connection was turned away."""
    found = getattr(getattr(error, "response", error), "status_code", None)
    return found if isinstance(found, int) else None


def _lost() -> tuple[type[Exception], ...]:
    """What the package raises when it cannot connect, or loses a connection."""
    errors = importlib.import_module("websockets.exceptions")
    refused = importlib.import_module("deepgram.core.api_error").ApiError
    return (OSError, TimeoutError, errors.WebSocketException, refused)
