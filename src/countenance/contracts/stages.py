"""The page of promises: what each stage owes the next."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from countenance.contracts.call import Call, Modality, Track
from countenance.contracts.media import AudioChunk, Media, Missing, Reached, Sample, SampleSpec, Utterance
from countenance.contracts.readings import Observation, Prediction, Reading, Window


class Tap(Protocol):
    """Media of one call: nothing of a track before `subscribe`, nothing after `unsubscribe` returns."""

    def tracks(self) -> tuple[Track, ...]:
        """Every track of the call, whether or not it may be read; on a live call they come and go."""
        ...

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        """Begin to decode a track from now on; a recording decodes and gives nothing of it before `since_us`."""
        ...

    async def unsubscribe(self, track: Track) -> None:
        """Stop decoding a track; whatever was queued is dropped."""
        ...

    def media(self) -> AsyncIterator[Media | Reached]:
        """Media of all subscribed tracks in the order in which they are whole (`whole_us`); that time never runs back.

        A live tap also says how far time has come, whether or not media arrive, and ends when the call hangs up.
        """
        ...


class Connector(Protocol):
    """Knows one kind of media server, or recordings."""

    def join(self, call: Call) -> AbstractAsyncContextManager[Tap]:
        """Enter the call as a visible listener; leaving never disturbs it."""
        ...


class Hearing(Protocol):
    """One person's voice on its way to words; nothing here waits for a recogniser."""

    def hear(self, voice: AudioChunk) -> None:
        """Take voice, in order of time; returns at once, and what there is no room for is dropped and counted."""
        ...

    def pause(self) -> None:
        """The speaker stopped: what was said so far can become words."""
        ...

    def close(self) -> None:
        """Stop at once: nothing is said after this returns, and what was not yet words is forgotten."""
        ...


class Transcriber(Protocol):
    """Voice to words while a call runs, on this machine or through a service."""

    @property
    def recipient(self) -> str | None:
        """Who outside hears the voice; None where it stays on this machine."""
        ...

    def open(self, track: Track, say: Callable[[Utterance], None]) -> Hearing:
        """Begin with the voice behind a text track; its final utterances are said in order, from any thread."""
        ...

    def counts(self) -> Mapping[str, int]:
        """How many utterances were said, and how much was dropped, by reason."""
        ...

    def close(self) -> None:
        """End all of it."""
        ...


class Sampler(Protocol):
    """Cuts one modality of one participant into samples; models run in `ready` and `samples` alone, under a lease."""

    @property
    def modality(self) -> Modality:
        """Which modality it cuts."""
        ...

    def take(self, media: Media) -> None:
        """Queue media of the open window."""
        ...

    def ready(self) -> Sequence[Sample]:
        """Cut of what is queued what need not wait for the end of the window; it need never be asked."""
        ...

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        """Cut what is left of this window; the queue is empty afterwards."""
        ...

    def skip(self, start_us: int, end_us: int) -> None:
        """Pass over a window that was analysed before an interruption, without running a model."""
        ...

    def drop(self) -> None:
        """Forget everything: the permission is gone."""
        ...

    def state(self) -> object:
        """What must survive an interruption, as plain values; whatever `skip` rebuilds is left out."""
        ...

    def restore(self, state: object) -> None:
        """Go on from a `state`."""
        ...


class Encoder(Protocol):
    """Reads one modality; no clock, no memory between calls; a batch gives the same as singles."""

    @property
    def takes(self) -> SampleSpec:
        """Which samples it reads."""
        ...

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample, in order."""
        ...


class Fusion(Protocol):
    """Weighs the modalities of one window."""

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window, for any subset of modalities."""
        ...


class Aggregator(Protocol):
    """The state of one call: smoothing, labels, abstention, events."""

    def update(self, prediction: Prediction) -> Sequence[Reading]:
        """Readings due after this prediction; predictions of a participant come in order of time."""
        ...

    def finish(self) -> Sequence[Reading]:
        """Events still open at hang-up, ended."""
        ...


class Sink(Protocol):
    """Somewhere readings go; idempotent by reading."""

    def deliver(self, reading: Reading) -> None:
        """Take one reading."""
        ...
