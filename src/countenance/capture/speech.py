"""Sound of one participant to voice samples: one a second when there is enough voice, with the speaker's baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from countenance.capture.voiceactivity import FRAME, VoiceActivity
from countenance.contracts.call import VOICE, Modality
from countenance.contracts.media import (
    SAMPLE_RATE,
    SECOND_US,
    AudioChunk,
    Media,
    Missing,
    Quality,
    Sample,
    Sounding,
    SpeakerBaseline,
    VoiceSample,
)
from countenance.contracts.readings import Reason
from countenance.contracts.telemetry import Stretch
from countenance.inference.hearing import measured
from countenance.inference.logmel import HOP, WINDOW, log_mel, speech_frames, unheard, updated
from countenance.inference.pitch import with_pitch

CONTEXT_US = 3 * SECOND_US
FRAME_US = FRAME * SECOND_US // SAMPLE_RATE

_CONTEXT_FRAMES = CONTEXT_US // FRAME_US
_LEAST_RECENT = 12  # frames of speech in the window: 240 ms
_LEAST = 25  # and 500 ms in the whole context, or there is not enough voice to read
_MARGIN = 7  # frames of sound kept around the speech: 140 ms
_SILENCE = Sounding(
    log_mel(np.zeros(2 * _CONTEXT_FRAMES * HOP + WINDOW, np.float32))[: 2 * _CONTEXT_FRAMES],
    np.zeros(_CONTEXT_FRAMES, np.float32),
    np.zeros(_CONTEXT_FRAMES, np.float32),
)
_CLOSED_GAP = 5  # frames; a shorter gap inside speech is no pause
_JITTER = FRAME  # samples; a chunk so close to the expected place is taken as joined
_POOR_SNR_DB, _GOOD_SNR_DB = 3.0, 20.0
_LEAST_QUALITY = 0.1


@dataclass(slots=True)
class VoiceSampler:
    """Chunks of sound to voice samples; the size of the chunks changes nothing."""

    participant_id: str
    baseline: SpeakerBaseline = field(default_factory=unheard)
    _stretches: list[Stretch] = field(default_factory=list)
    _queue: list[tuple[int, NDArray[np.int16]]] = field(default_factory=list)
    _next: int | None = None
    _began_us: int = 0
    _heard_us: int | None = None
    _activity: VoiceActivity = field(default_factory=lambda: VoiceActivity(_CONTEXT_FRAMES))
    _sound: NDArray[np.int16] = field(default_factory=lambda: np.zeros(_CONTEXT_FRAMES * FRAME, np.int16))
    _sounding: Sounding = field(default_factory=lambda: _SILENCE)
    """Of the sound kept; its frames and pitch begin 20 ms before it."""

    @property
    def modality(self) -> Modality:
        """Voice."""
        return VOICE

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """When this participant spoke, as far as it could be read; counting turns needs no more than this."""
        return (*self._stretches, *self._own_stretches())

    def take(self, media: Media) -> None:
        """Queue sound at its place in the call; a gap is silence, what overlaps is heard once."""
        if not isinstance(media, AudioChunk):
            return
        place, pcm = round(media.at_us * SAMPLE_RATE / SECOND_US), media.pcm
        if self._next is not None:
            if abs(place - self._next) <= _JITTER:
                place = self._next
            elif place < self._next:
                pcm, place = pcm[self._next - place :], self._next
        self._queue.append((place, pcm))
        self._next = place + len(pcm)

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        """One voice sample, or silence; windows are whole frames of 20 ms and follow each other."""
        self._advance(start_us, end_us)
        speech = closed(self._activity.speech, _CLOSED_GAP)
        recent = (end_us - start_us) // FRAME_US
        if speech[-recent:].sum() < _LEAST_RECENT or speech.sum() < _LEAST:
            return (), (Missing(self.participant_id, VOICE, start_us, end_us, Reason.SILENCE),)
        return (self._sample(speech, end_us),), ()

    def skip(self, start_us: int, end_us: int) -> None:
        """Hear a window that was analysed before: baseline and speech activity come back, no model runs."""
        self._advance(start_us, end_us)

    def drop(self) -> None:
        """Forget sound, baseline and detector; when somebody spoke while it could be read stays counted."""
        self._begin(0)
        self.baseline, self._queue, self._next, self._heard_us = unheard(), [], None, None

    def state(self) -> object:
        """Nothing: `skip` hears the sound again."""
        return None

    def restore(self, state: object) -> None:
        """Nothing to go on from."""

    def _advance(self, start_us: int, end_us: int) -> None:
        if start_us != self._heard_us:
            self._begin(start_us)
        self._heard_us = end_us
        window = self._window(start_us * SAMPLE_RATE // SECOND_US, end_us * SAMPLE_RATE // SECOND_US)
        self._activity.feed(window.reshape(-1, FRAME))
        self._sound = np.concatenate([self._sound, window])[-len(self._sound) :]
        self._learn(len(window))

    def _begin(self, start_us: int) -> None:
        """Listen afresh from here; stretches measured before stay."""
        self._stretches += self._own_stretches()
        self._began_us, self._activity = start_us, VoiceActivity(_CONTEXT_FRAMES)
        self._sound = np.zeros_like(self._sound)
        self._sounding = _SILENCE

    def _window(self, start: int, end: int) -> NDArray[np.int16]:
        """The sound between two places, zeros where there is none; what lies later stays queued."""
        window = np.zeros(end - start, np.int16)
        later = []
        for place, pcm in self._queue:
            first, last = max(place, start), min(place + len(pcm), end)
            if first < last:
                window[first - start : last - start] = pcm[first - place : last - place]
            if place + len(pcm) > end:
                later.append((place, pcm))
        self._queue = later
        return window

    def _learn(self, length: int) -> None:
        """Measure the new window and add its speech to the baseline."""
        lead = 2 * HOP  # log-mel frames and pitch straddle the edge: what ends in this window belongs to it
        new = measured(as_float(self._sound[-(length + lead) :]))
        new = replace(new, frames=new.frames[: length // HOP])
        self._sounding = _followed(self._sounding, new)
        speech = self._activity.speech
        centres = np.arange(len(new.frames)) * HOP + WINDOW // 2 - lead
        spoken = speech[centres // FRAME - length // FRAME]
        if spoken.any():
            frames = new.frames[spoken]
            pitch = new.pitch[speech[np.arange(-len(new.pitch), 0)]]
            self.baseline = with_pitch(updated(self.baseline, frames[speech_frames(frames)]), pitch)

    def _sample(self, speech: NDArray[np.bool_], end_us: int) -> VoiceSample:
        spoken = np.flatnonzero(speech)
        first, last = max(0, spoken[0] - _MARGIN), min(len(speech), spoken[-1] + 1 + _MARGIN)
        pcm = as_float(self._sound[first * FRAME : last * FRAME])
        runs = tuple((start * FRAME, stop * FRAME) for start, stop in spans(speech[first:last]))
        start_us = end_us - CONTEXT_US + int(first) * FRAME_US
        return VoiceSample(
            participant_id=self.participant_id,
            start_us=start_us,
            end_us=start_us + int(last - first) * FRAME_US,
            pcm=pcm,
            speech=runs,
            baseline=self.baseline,
            quality=self._quality(),
            sounding=_between(self._sounding, int(first), int(last)),
        )

    def _quality(self) -> Quality:
        """How far the voice stands out of the noise: 3 dB is poor, 20 dB is good."""
        levels, speech = self._activity.levels, self._activity.speech
        quiet = levels[~speech & np.isfinite(levels)]
        noise = np.percentile(quiet, 20) if len(quiet) >= _CLOSED_GAP else self._activity.noise_db
        margin = levels[speech].mean() - max(float(noise), self._activity.noise_db)
        share = (margin - _POOR_SNR_DB) / (_GOOD_SNR_DB - _POOR_SNR_DB)
        return Quality(float(np.clip(share, _LEAST_QUALITY, 1.0)))

    def _own_stretches(self) -> list[Stretch]:
        began = self._began_us
        return [
            Stretch(began + first * FRAME_US, began + last * FRAME_US, self.participant_id)
            for first, last in self._activity.spans_so_far()
        ]


def _followed(before: Sounding, new: Sounding) -> Sounding:
    """What was measured of the last 3 s, the oldest part making room for the new one."""
    return Sounding(
        np.concatenate([before.frames[len(new.frames) :], new.frames])[-2 * _CONTEXT_FRAMES :],
        np.concatenate([before.pitch[len(new.pitch) :], new.pitch])[-_CONTEXT_FRAMES:],
        np.concatenate([before.periodic[len(new.pitch) :], new.periodic])[-_CONTEXT_FRAMES:],
    )


def _between(sounding: Sounding, first: int, last: int) -> Sounding:
    """What was measured of whole frames of 20 ms from `first` to before `last`: nothing reaches past their sound."""
    windows = slice(first + 1, last)
    return Sounding(sounding.frames[2 * first + 2 : 2 * last], sounding.pitch[windows], sounding.periodic[windows])


def closed(speech: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """Speech with the gaps of at most so many frames between two frames of speech filled in."""
    filled = speech.copy()
    runs = spans(speech)
    for (_, end), (start, _) in pairwise(runs):
        if start - end <= gap:
            filled[end:start] = True
    return filled


def spans(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open runs of true values."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def as_float(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """16-bit samples as -1..1."""
    return pcm.astype(np.float32) / np.float32(32768.0)
