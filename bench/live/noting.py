"""A media worker that notes when it decodes and when it runs a model, for measurements from outside.

    python -m bench.live.noting DESCRIPTOR RECIPES FILE

It is the product's own worker; notes are lines of monotonic microseconds, `decoded` or `model`, and whose it was.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from countenance.capture.faces import Face, Finder, Picture
from countenance.capture.lanes import Lane
from countenance.contracts.call import Modality, Participant
from countenance.contracts.media import Box, Sample, SampleSpec
from countenance.contracts.readings import Observation
from countenance.contracts.stages import Encoder, Sampler
from countenance.storage.clocks import SystemClock
from countenance.worker.__main__ import main
from countenance.worker.parts import Parts, Recipe

DECODED, MODEL = "decoded", "model"


class Notes:
    """A file that several processes append to."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._clock = SystemClock()

    def note(self, what: str, whose: str) -> None:
        """One line, now."""
        os.write(self._file, f"{self._clock.mono_us()} {what} {whose}\n".encode())


class NotedFinder:
    """Notes each search for a face."""

    def __init__(self, finder: Finder, notes: Notes, whose: str) -> None:
        self._finder, self._notes, self._whose = finder, notes, whose

    def find(self, rgb: Picture) -> tuple[Face, ...]:
        """Faces in one frame."""
        self._notes.note(MODEL, self._whose)
        return self._finder.find(rgb)

    def near(self, rgb: Picture, box: Box) -> tuple[Face, ...]:
        """Faces around where one was."""
        self._notes.note(MODEL, self._whose)
        return self._finder.near(rgb, box)


class NotedEncoder:
    """Notes each sample that is read."""

    def __init__(self, encoder: Encoder, notes: Notes) -> None:
        self._encoder, self._notes = encoder, notes

    @property
    def takes(self) -> SampleSpec:
        """Which samples it reads."""
        return self._encoder.takes

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample."""
        for whose in {f"{one.participant_id}/{self.takes.modality}" for one in samples}:
            self._notes.note(MODEL, whose)
        return self._encoder.encode(samples)


def install(notes: Notes) -> None:
    """Put the notes around decoding and around every model."""
    load, samplers, decoded = Parts.load, Parts.samplers, Lane.decoded

    def noted_load(recipe: Recipe) -> Parts:
        parts = load(recipe)
        return replace(parts, encoders=tuple(NotedEncoder(one, notes) for one in parts.encoders))

    def noted_samplers(
        self: Parts, participant: Participant, allowed: Sequence[Modality]
    ) -> Mapping[Modality, Sampler]:
        finder = NotedFinder(self.finder, notes, f"{participant.id}/face")
        return samplers(replace(self, finder=finder), participant, allowed)

    def noted_decoded(self: Lane, count: int = 1) -> None:
        notes.note(DECODED, f"{self.track.participant_id}/{self.track.modality}")
        decoded(self, count)

    Parts.load = staticmethod(noted_load)  # type: ignore[method-assign]
    Parts.samplers = noted_samplers  # type: ignore[method-assign]
    Lane.decoded = noted_decoded  # type: ignore[method-assign]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    install(Notes(Path(sys.argv[3])))
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
