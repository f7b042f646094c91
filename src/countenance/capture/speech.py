"""Sound of one participant to voice samples, when there is enough voice: a whole one a second, glances between.

A glance is taken every 100 ms and knows nothing of what comes after it; a second without enough voice gives none.
"""

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
from countenance.inference.hearing import followed, part_of
from countenance.inference.logmel import FRAMES_PER_SECOND, HOP, WINDOW, log_mel, speech_frames, unheard, updated
from countenance.inference.manner import with_manner
from countenance.inference.pitch import AFRESH, Followed, with_pitch
from countenance.inference.tone import TONE

CONTEXT_US = 3 * SECOND_US
FRAME_US = FRAME * SECOND_US // SAMPLE_RATE
GLANCE = 5
"""Frames between two answers: 100 ms."""

_CONTEXT_FRAMES = CONTEXT_US // FRAME_US
_KEPT_FRAMES = _CONTEXT_FRAMES + SECOND_US // FRAME_US  # the context of the first glance in a second
_RECENT = SECOND_US // FRAME_US
_YOUNG_S = 3.0  # until so much was heard, the baseline moves with every glance; later it moves once a second
_LEAST_RECENT = 12  # frames of speech in the window: 240 ms
_LEAST = 25  # and 500 ms in the whole context, or there is not enough voice to read
_MARGIN = 7  # frames of sound kept around the speech: 140 ms
_SILENCE = Sounding(
    log_mel(np.zeros(2 * _KEPT_FRAMES * HOP + WINDOW, np.float32))[: 2 * _KEPT_FRAMES],
    np.zeros(_KEPT_FRAMES, np.float32),
    np.zeros(_KEPT_FRAMES, np.float32),
    np.zeros((_KEPT_FRAMES, len(TONE)), np.float32),
)
_NO_SOUND = np.zeros(0, np.float32)
_CLOSED_GAP = 5  # frames; a shorter gap inside speech is no pause
_JITTER = FRAME  # samples; a chunk so close to the expected place is taken as joined
_POOR_SNR_DB, _GOOD_SNR_DB = 3.0, 20.0
_LEAST_QUALITY = 0.1


@dataclass(frozen=True, slots=True)
class _Glance:
    """What is known of the voice at one moment."""

    end_us: int
    first: int
    last: int
    """From the first to the last voice of the last 3 s, with a margin, in frames of these 3 s."""
    back: int
    """How many frames of the second were not yet heard."""
    baseline: SpeakerBaseline
    quality: Quality


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
    _activity: VoiceActivity = field(default_factory=lambda: VoiceActivity(_KEPT_FRAMES))
    _sound: NDArray[np.int16] = field(default_factory=lambda: np.zeros(_CONTEXT_FRAMES * FRAME, np.int16))
    _sounding: Sounding = field(default_factory=lambda: _SILENCE)
    """Of the last 4 s; its frames and pitch begin 20 ms before them."""
    _followed: Followed = AFRESH

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

    def ready(self) -> Sequence[Sample]:
        """Nothing: one answer for a stretch of voice costs a tenth of ten answers apart."""
        return ()

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        """Glances and a whole sample, or silence; windows are whole tenths of a second and follow each other."""
        glances = self._advance(start_us, end_us)
        speech = closed(self._activity.speech[-_CONTEXT_FRAMES:], _CLOSED_GAP)
        recent = (end_us - start_us) // FRAME_US
        if not _enough(speech, recent):
            return (), (Missing(self.participant_id, VOICE, start_us, end_us, Reason.SILENCE),)
        before = [self._glanced(one) for one in glances if one.end_us < end_us]
        return (*before, self._whole(glances[-1], speech)), ()

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

    def _advance(self, start_us: int, end_us: int) -> list[_Glance]:
        """Hear a window; every glance in it knows what was heard up to its own end."""
        if start_us != self._heard_us:
            self._begin(start_us)
        self._heard_us = end_us
        window = self._window(start_us * SAMPLE_RATE // SECOND_US, end_us * SAMPLE_RATE // SECOND_US)
        self._measure(window)
        frames = window.reshape(-1, FRAME)
        glances, waiting = [], 0
        for at in range(0, len(frames), GLANCE):
            self._activity.feed(frames[at : at + GLANCE])
            speech = self._activity.speech
            waiting, back = waiting + GLANCE, len(frames) - at - GLANCE
            if self.baseline.seconds < _YOUNG_S:
                self._learn(speech, waiting, back)
                waiting = 0
            last = speech[-_CONTEXT_FRAMES:]
            if back == 0 or _enough(last, _RECENT):
                glances.append(self._glance(last, end_us - back * FRAME_US, back))
        if waiting:
            self._learn(self._activity.speech, waiting, 0)
        return glances

    def _glance(self, speech: NDArray[np.bool_], end_us: int, back: int) -> _Glance:
        spoken = np.flatnonzero(speech)
        first, last = (spoken[0], spoken[-1]) if len(spoken) else (0, 0)
        first, last = max(0, int(first) - _MARGIN), min(len(speech), int(last) + 1 + _MARGIN)
        return _Glance(end_us, first, last, back, self.baseline, self._quality(speech))

    def _begin(self, start_us: int) -> None:
        """Listen afresh from here; stretches measured before stay."""
        self._stretches += self._own_stretches()
        self._began_us, self._activity = start_us, VoiceActivity(_KEPT_FRAMES)
        self._sound = np.zeros_like(self._sound)
        self._sounding, self._followed = _SILENCE, AFRESH

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

    def _measure(self, window: NDArray[np.int16]) -> None:
        self._sound = np.concatenate([self._sound, window])[-len(self._sound) :]
        lead = 2 * HOP  # log-mel frames and pitch straddle the edge: what ends in this window belongs to it
        new, self._followed = followed(as_float(self._sound[-(len(window) + lead) :]), self._followed)
        self._sounding = _joined(self._sounding, replace(new, frames=new.frames[: len(window) // HOP]))

    def _learn(self, speech: NDArray[np.bool_], count: int, back: int) -> None:
        """Add the speech of the last frames to the baseline."""
        new = part_of(self._sounding, (_KEPT_FRAMES - back - count, _KEPT_FRAMES - back))
        centres = np.arange(len(new.frames)) * HOP + WINDOW // 2 - 2 * HOP
        spoken = speech[centres // FRAME - count]
        if spoken.any():
            frames = new.frames[spoken]
            pitch = new.pitch[speech[-count:]]
            voice = frames[speech_frames(frames)]
            heard = with_pitch(updated(self.baseline, voice), pitch)
            past = part_of(self._sounding, (max(0, _KEPT_FRAMES - back - _CONTEXT_FRAMES), _KEPT_FRAMES - back))
            self.baseline = with_manner(heard, past, len(voice) / FRAMES_PER_SECOND)

    def _glanced(self, glance: _Glance) -> VoiceSample:
        return VoiceSample(
            participant_id=self.participant_id,
            start_us=glance.end_us - CONTEXT_US + glance.first * FRAME_US,
            end_us=glance.end_us - CONTEXT_US + glance.last * FRAME_US,
            pcm=_NO_SOUND,
            speech=(),
            baseline=glance.baseline,
            quality=glance.quality,
            sounding=self._sounding,
            look=_look(glance),
            glance=True,
        )

    def _whole(self, glance: _Glance, speech: NDArray[np.bool_]) -> VoiceSample:
        own = self._sound[-_CONTEXT_FRAMES * FRAME :]
        return replace(
            self._glanced(glance),
            pcm=as_float(own[glance.first * FRAME : glance.last * FRAME]),
            speech=tuple((start * FRAME, stop * FRAME) for start, stop in spans(speech[glance.first : glance.last])),
            glance=False,
        )

    def _quality(self, speech: NDArray[np.bool_]) -> Quality:
        """How far the voice stands out of the noise: 3 dB is poor, 20 dB is good."""
        levels = self._activity.levels[-len(speech) :]
        quiet = np.sort(levels[~speech & np.isfinite(levels)])
        noise = quiet[len(quiet) // 5] if len(quiet) >= _CLOSED_GAP else self._activity.noise_db
        voice = levels[speech]
        margin = (voice.mean() if len(voice) else -np.inf) - max(float(noise), self._activity.noise_db)
        share = (margin - _POOR_SNR_DB) / (_GOOD_SNR_DB - _POOR_SNR_DB)
        return Quality(min(max(float(share), _LEAST_QUALITY), 1.0))

    def _own_stretches(self) -> list[Stretch]:
        began = self._began_us
        return [
            Stretch(began + first * FRAME_US, began + last * FRAME_US, self.participant_id)
            for first, last in self._activity.spans_so_far()
        ]


def _joined(before: Sounding, new: Sounding) -> Sounding:
    """What was measured of the last 4 s, the oldest part making room for the new one."""
    return Sounding(
        np.concatenate([before.frames[len(new.frames) :], new.frames])[-2 * _KEPT_FRAMES :],
        np.concatenate([before.pitch[len(new.pitch) :], new.pitch])[-_KEPT_FRAMES:],
        np.concatenate([before.periodic[len(new.pitch) :], new.periodic])[-_KEPT_FRAMES:],
        np.concatenate([before.tone[len(new.pitch) :], new.tone])[-_KEPT_FRAMES:],
    )


def _look(glance: _Glance) -> tuple[int, int]:
    """Which steps of the last 4 s a glance is about: nothing of them reaches past its sound."""
    shift = _KEPT_FRAMES - _CONTEXT_FRAMES - glance.back
    return shift + glance.first + 1, shift + glance.last


def _enough(speech: NDArray[np.bool_], recent: int) -> bool:
    """Whether there is enough voice to read, in all and in the last so many frames."""
    return bool(np.count_nonzero(speech[-recent:]) >= _LEAST_RECENT and np.count_nonzero(speech) >= _LEAST)


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
