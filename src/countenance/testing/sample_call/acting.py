"""From the script to what one person's face does at each moment, and what is heard of them."""

from dataclasses import fields
from math import pi, sin

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.testing.sample_call.face import Pose
from countenance.testing.sample_call.features import Expression
from countenance.testing.sample_call.script import Script
from countenance.testing.sample_call.voice import FRAME_MS, MOODS, Spoken, speak

RAMP_MS = 400
"""How long an expression takes to come and to go."""
LEAVING_MS = 400
"""How long it takes to get out of the picture before a gap, and back into it after."""
FOLDER_MS = 300
DARKNESS = 0.09
RESTING_SMILE = 0.14
BLINK_MS = 200
BLINK_EVERY_MS = 3_700
ROOM_TONE = 3e-4
FACE_PARTS = tuple(part.name for part in fields(Expression))


class Actor:
    """One person of the script; every moment can be asked for on its own."""

    def __init__(self, script: Script, name: str) -> None:
        self._script = script
        self._name = name
        person = script.person(name)
        self._lines = script.lines_of(name)
        self._spoken: tuple[Spoken, ...] = tuple(
            speak(line.text, line.end - line.start, person.voice, MOODS[line.mood]) for line in self._lines
        )
        self._miens = tuple(mien for mien in script.miens if mien.who == name)
        self._gaps = tuple(gap for gap in script.gaps if gap.who == name)
        self._phase = len(person.look) + sum(map(ord, person.look)) % 7

    def sound(self) -> NDArray[np.int16]:
        """Everything this person says over a quiet room: mono, 16 kHz."""
        rng = np.random.default_rng(self._phase)
        pcm = rng.standard_normal(self._script.length * SAMPLE_RATE // 1000, dtype=np.float32) * np.float32(ROOM_TONE)
        for line, spoken in zip(self._lines, self._spoken, strict=True):
            start = line.start * SAMPLE_RATE // 1000
            pcm[start : start + len(spoken.pcm)] += spoken.pcm
        sound: NDArray[np.int16] = (np.clip(pcm, -1, 1) * 32767).astype(np.int16)
        return sound

    def pose(self, at_ms: int) -> Pose:
        """What the face does at a moment."""
        shows = {"smile": RESTING_SMILE, "lids": 1.0}
        for mien in self._miens:
            share = _trapezoid(at_ms, mien.start, mien.end, RAMP_MS)
            for part, value in mien.shows.items():
                shows[part] = shows.get(part, 0.0) + value * share
        shows["mouth"] = shows.get("mouth", 0.0) + self._opening(at_ms)
        shows["lids"] *= self._blink(at_ms)
        idle = at_ms / 1000 + self._phase
        face = Expression(**{part: shows.pop(part) for part in FACE_PARTS if part in shows})
        return Pose(
            face=face,
            yaw=shows.pop("yaw", 0.0) + 1.6 * sin(idle * 0.9),
            pitch=shows.pop("pitch", 0.0) + 1.2 * sin(idle * 1.3 + 1),
            roll=shows.pop("roll", 0.0) + 0.8 * sin(idle * 0.6 + 2),
            sway=(3 * sin(idle * 0.7), 2 * sin(idle * 1.1)),
            away=self._gap_share(at_ms, "away", LEAVING_MS),
            folder=self._gap_share(at_ms, "folder", FOLDER_MS),
            room_light=DARKNESS if self._gap_share(at_ms, "dark", 0) else 1.0,
        )

    def _opening(self, at_ms: int) -> float:
        for line, spoken in zip(self._lines, self._spoken, strict=True):
            if line.start <= at_ms < line.end:
                return float(spoken.opening[(at_ms - line.start) // FRAME_MS])
        return 0.0

    def _blink(self, at_ms: int) -> float:
        """1 with the eyes open; a quick close and open every few seconds."""
        since = (at_ms + 900 * self._phase) % BLINK_EVERY_MS
        return 1 - sin(pi * since / BLINK_MS) if since < BLINK_MS else 1.0

    def _gap_share(self, at_ms: int, cause: str, ramp_ms: int) -> float:
        """1 all through a gap of this cause; the way there and back lies outside it."""
        shares = [
            _trapezoid(at_ms, gap.start - ramp_ms, gap.end + ramp_ms, ramp_ms)
            for gap in self._gaps
            if gap.cause == cause
        ]
        return max(shares, default=0.0)


def _trapezoid(at_ms: int, start: int, end: int, ramp_ms: int) -> float:
    """0 outside, 1 inside, straight in between; without a ramp the start counts and the end does not."""
    if not ramp_ms:
        return 1.0 if start <= at_ms < end else 0.0
    return max(0.0, min(1.0, (at_ms - start) / ramp_ms, (end - at_ms) / ramp_ms))
