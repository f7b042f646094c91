"""The sound of a recording as it is drawn: how loud it is over time, and nothing that says who speaks or what."""

from dataclasses import dataclass

BARS = 1_000
"""At most so many numbers per track: about four kilobytes as text."""
FULL = 255


@dataclass(frozen=True, slots=True)
class TrackWave:
    """One sound track."""

    name: str
    """As the recording calls it; empty where it says nothing."""
    peaks: tuple[int, ...]
    """0 to 255 for each equal part of the recording; 255 is the loudest of this track."""


@dataclass(frozen=True, slots=True)
class Wave:
    """The sound of a recording."""

    duration_us: int
    tracks: tuple[TrackWave, ...]
    """Empty where the sound cannot be drawn."""
