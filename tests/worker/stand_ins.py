"""What a hosted call is given where media, models and threads are not the matter: queues, an encoder, a turn."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np

from countenance.contracts.call import FACE, Modality
from countenance.contracts.media import (
    SECOND_US,
    Box,
    FaceSample,
    Media,
    Missing,
    Quality,
    Sample,
    SampleSpec,
    VoiceSample,
)
from countenance.contracts.readings import Observation, Reason
from countenance.inference.logmel import unheard
from countenance.worker.call import HostedCall

TENTH_US = SECOND_US // 10
PICTURE, SOUND = np.zeros((4, 4, 3), np.uint8), np.zeros(1600, np.int16)
MARKS, NO_SOUND = np.zeros((5, 2), np.float32), np.zeros(0, np.float32)
SPREAD = {"neutral": 0.5, "happiness": 0.5, "surprise": 0, "sadness": 0, "anger": 0, "disgust": 0, "fear": 0}


class Queue:
    """Whatever was queued of a face or a voice is a sample; faces are given as they come."""

    def __init__(self, who: str, modality: Modality) -> None:
        self.who, self.modality = who, modality
        self.queue: list[int] = []

    def take(self, media: Media) -> None:
        self.queue.append(media.at_us)

    def ready(self) -> Sequence[Sample]:
        return self._cut() if self.modality == FACE else ()

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        reason = Reason.NO_FACE if self.modality == FACE else Reason.SILENCE
        return self._cut(), (Missing(self.who, self.modality, start_us, end_us, reason),)

    def skip(self, start_us: int, end_us: int) -> None:
        self.queue.clear()

    def drop(self) -> None:
        self.queue.clear()

    def state(self) -> object:
        return None

    def restore(self, state: object) -> None:
        pass

    def _cut(self) -> Sequence[Sample]:
        cut = [face(self.who, at) if self.modality == FACE else voice(self.who, at) for at in self.queue]
        self.queue.clear()
        return cut


def face(who: str, at_us: int) -> FaceSample:
    return FaceSample(who, at_us, PICTURE, MARKS, Box(0, 0, 9, 9), Quality(1.0))


def voice(who: str, at_us: int) -> VoiceSample:
    return VoiceSample(who, at_us, at_us + TENTH_US, NO_SOUND, (), unheard(), Quality(1.0))


class Encoder:
    """Says the same of everybody, and tells of each sample it is given: whose, which modality, and of when."""

    def __init__(self, takes: SampleSpec, told: Callable[[str, Modality, int], None]) -> None:
        self.takes, self._told = takes, told

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        said = []
        for one in samples:
            at_us = one.at_us if isinstance(one, FaceSample) else one.start_us
            self._told(one.participant_id, self.takes.modality, at_us)
            said.append(Observation(one.participant_id, self.takes.modality, at_us, at_us, 0.9, SPREAD))
        return said


async def ask_ahead(call: HostedCall, start_us: int) -> None:
    """What the timer of the guard does where time is real."""
    call.guard._prepare(start_us, start_us + SECOND_US)
    await call.guard._ahead[start_us]


async def in_turn(work: Callable[..., object], *args: object) -> object:
    """Instead of in a thread, so that every run of a script or a seed is the same."""
    await asyncio.sleep(0)
    return work(*args)
