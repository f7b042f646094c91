"""Which face is the participant's, over time: two of three frames must show it; the state is plain JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.capture.alignment import align
from countenance.capture.faces import Face, Finder, overlap
from countenance.capture.quality import judge, measure, too_dark
from countenance.contracts.media import SECOND_US, Box, FaceSample, VideoFrame
from countenance.contracts.readings import Reason

MEMORY = 2
"""Earlier frames looked at: with the present one, three."""
SAME = 0.2
"""Overlap from which two boxes of neighbouring samples are taken for one face."""
STAY = 1.5
"""How much larger another face must be before it takes the place of the main one."""
WHOLE_EVERY_US = SECOND_US
"""A face that is alone is looked for around its last place, and everywhere when it is lost, or after so long."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one frame says: a face, or the reason for none; neither when a steady face is missed for one frame."""

    face: Face | None = None
    reason: Reason | None = None


class FaceTrack:
    """Chooses the main face of one participant; `state` is all it remembers."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._earlier: list[list[Box]] = [[Box(*box) for box in frame] for frame in state.get("earlier", [])]
        self._main: Box | None = Box(*state["main"]) if state.get("main") else None

    @property
    def state(self) -> dict[str, Any]:
        """Plain JSON values from which a new track goes on as this one would."""
        earlier = [[list(box) for box in frame] for frame in self._earlier]
        return {"earlier": earlier, "main": list(self._main) if self._main else None}

    @property
    def alone(self) -> Box | None:
        """Where the main face was in the last frame, if nobody else was seen in it."""
        last = self._earlier[-1] if self._earlier else []
        return self._main if self._main is not None and last == [self._main] else None

    def update(self, faces: Sequence[Face], width: int, height: int) -> Sighting:
        """Take in the faces of the next frame of a width x height picture."""
        steady = [face for face in faces if any(_matched(face.box, frame) for frame in self._earlier)]
        held = (
            len(self._earlier) == MEMORY
            and self._main is not None
            and all(_matched(self._main, frame) for frame in self._earlier)
        )
        self._earlier = [*self._earlier, [face.box for face in faces]][-MEMORY:]
        if steady:
            chosen = max(steady, key=lambda face: _weight(face.box, self._main, width, height))
            self._main = chosen.box
            return Sighting(face=chosen)
        if held:
            return Sighting()
        self._main = None
        return Sighting(reason=Reason.NO_FACE)


class FaceReader:
    """Frames of one participant to face samples, or to the reason why there is none."""

    def __init__(self, finder: Finder, participant_id: str, state: Mapping[str, Any] | None = None) -> None:
        self._finder = finder
        self._participant_id = participant_id
        self._track = FaceTrack(state)
        self._searched_us: int | None = (state or {}).get("searched_us")

    @property
    def state(self) -> dict[str, Any]:
        """Plain JSON values; give them to a new reader to go on."""
        return {**self._track.state, "searched_us": self._searched_us}

    def read(self, frame: VideoFrame) -> FaceSample | Reason | None:
        """A sample, the reason for none, or None when a steady face is missed for one frame."""
        height, width = frame.rgb.shape[:2]
        sighting = self._track.update(self._look(frame), width, height)
        if sighting.face is None:
            return Reason.LOW_LIGHT if sighting.reason and too_dark(frame.rgb) else sighting.reason
        face = sighting.face
        crop = align(frame.rgb, face)
        quality = judge(measure(crop, face))
        return FaceSample(self._participant_id, frame.at_us, crop, face.landmarks, face.box, quality)

    def _look(self, frame: VideoFrame) -> Sequence[Face]:
        """Around the face where that is enough, else everywhere: nobody is missed on the word of a part of a frame."""
        place, searched_us = self._track.alone, self._searched_us
        if place is not None and searched_us is not None and 0 <= frame.at_us - searched_us < WHOLE_EVERY_US:
            faces = self._finder.near(frame.rgb, place)
            if any(_matched(place, [face.box]) for face in faces):
                return faces
        self._searched_us = frame.at_us
        return self._finder.find(frame.rgb)


def _matched(box: Box, others: Sequence[Box]) -> bool:
    own = _corners(box)
    return any(overlap(own, _corners(other)) >= SAME for other in others)


def _corners(box: Box) -> tuple[float, ...]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _weight(box: Box, main: Box | None, width: int, height: int) -> float:
    """Side of the face, less when far from the middle of the frame, more when it was the main face before."""
    side = math.sqrt(box.width * box.height)
    off_x = abs(box.x + box.width / 2 - width / 2) / width
    off_y = abs(box.y + box.height / 2 - height / 2) / height
    known = STAY if main is not None and _matched(main, [box]) else 1.0
    return side * (1 - 0.5 * min(1.0, off_x + off_y)) * known
