"""The pictures of one recorded file, sampled on the grid."""

import math
from collections.abc import Iterator

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from countenance.capture.clocks import FrameClock
from countenance.capture.decoding import StreamDecoder, Stretch
from countenance.capture.reading import Step
from countenance.capture.recording import PictureInfo
from countenance.capture.sampling import Grid, Sampler
from countenance.contracts.media import SECOND_US, VideoFrame

LARGEST_AREA = 640 * 360
"""Sampled pictures are made no larger than this; faces on calls are big enough in it."""
USUAL_RATE = 30.0


def pictures(decoder: StreamDecoder, info: PictureInfo, track_id: str, grid: Grid, stretch: Stretch) -> Iterator[Step]:
    """Frames of a track that are due; all others are decoded, but never converted."""
    counts, sampler = decoder.counts, Sampler(grid)
    clock, painter = FrameClock(decoder.recording.duration_us), Painter(info.pixel_aspect)
    length_us = round(SECOND_US / (info.frames_per_second or USUAL_RATE))
    file_us = 0
    for frame in decoder.frames():
        assert isinstance(frame, av.VideoFrame)
        file_us = clock.place(decoder.file_us(frame), length_us)
        at_us = file_us + stretch.offset_us
        # Frames before `from_us` take their slots too, so that a call read in two halves has the same grid.
        due = at_us >= max(0, stretch.since_us or 0) and sampler.due(at_us) and at_us >= stretch.from_us
        rgb = painter.rgb(frame) if due else None
        counts.repaired, counts.dropped = clock.repaired, sampler.dropped
        if rgb is None:
            counts.bad_packets += due
            yield Step(at_us)
        else:
            counts.sampled += 1
            yield Step(at_us, (VideoFrame(track_id, at_us, rgb),))
    decoder.finish(file_us + length_us)


def fitted(width: int, height: int, pixel_aspect: float = 1.0) -> tuple[int, int]:
    """The size at which a picture is sampled: square pixels, the same shape, no larger than LARGEST_AREA."""
    wide = width * pixel_aspect
    scale = min(1.0, math.sqrt(LARGEST_AREA / (wide * height)))
    return max(2, int(wide * scale)), max(2, int(height * scale))


class Painter:
    """Turns decoded frames into upright RGB."""

    def __init__(self, pixel_aspect: float) -> None:
        self._pixel_aspect = pixel_aspect
        self._reformatter = VideoReformatter()

    def rgb(self, frame: av.VideoFrame) -> NDArray[np.uint8] | None:
        """Height x width x 3, or None for a frame in a form that cannot be converted."""
        width, height = fitted(frame.width, frame.height, self._pixel_aspect)
        try:
            small = self._reformatter.reformat(
                frame, width, height, "rgb24", interpolation=Interpolation.AREA, threads=1
            )
        except (av.error.FFmpegError, ValueError):
            return None
        # Rotation metadata says how far to turn the picture counterclockwise, and so does rot90.
        turned = np.rot90(small.to_ndarray().astype(np.uint8, copy=False), round(frame.rotation / 90) % 4)
        upright = np.ascontiguousarray(turned)
        upright.setflags(write=False)
        return upright
