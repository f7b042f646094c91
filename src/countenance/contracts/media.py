"""What flows in: media from a tap, and the samples that encoders read.

Time is integer microseconds since call start, in media time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import Modality

SECOND_US = 1_000_000
SAMPLE_RATE = 16_000

FACE_CROP_PX = 112
FACE_TEMPLATE = np.array([[41, 46], [71, 46], [56, 64], [44, 81], [68, 81]], dtype=np.float32)
"""Where alignment puts the five landmarks inside a face crop (5 x 2, pixels: x, y).

Order: eye on the left of the picture, eye on the right, tip of the nose, mouth corner on the left, on the right.
"""


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One decoded picture that was due on the sampling grid."""

    track_id: str
    at_us: int
    rgb: NDArray[np.uint8]
    """height x width x 3, upright (rotation metadata applied)."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A run of decoded sound."""

    track_id: str
    at_us: int
    """Media time of the first sample."""
    pcm: NDArray[np.int16]
    """n samples, mono, 16 kHz."""

    @property
    def end_us(self) -> int:
        """Media time just after the last sample."""
        return self.at_us + len(self.pcm) * SECOND_US // SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words of one participant: a caption from the call, a transcript line, or what a transcriber heard."""

    track_id: str
    participant_id: str
    start_us: int
    end_us: int
    text: str
    confidence: float | None = None
    """0..1 when the transcriber says it; None when the words come from a person or an unknown source."""
    language: str | None = None
    known_us: int | None = None
    """When the words were there, on a live call: after they were said. None: with their end, as in a transcript."""

    @property
    def at_us(self) -> int:
        """An utterance is known when it ends, or later."""
        return max(self.end_us, self.known_us or 0)


Media = VideoFrame | AudioChunk | Utterance


def whole_us(media: Media) -> int:
    """When all of a piece has been heard or seen. Media of a call come in this order: no picture waits for a sound."""
    return media.end_us if isinstance(media, AudioChunk) else media.at_us


@dataclass(frozen=True, slots=True)
class Reached:
    """The call has come to this time: a live tap says it, and gives nothing any more that was whole before it."""

    at_us: int


class Box(NamedTuple):
    """A rectangle in pixels of the picture it belongs to."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a sample can be trusted, and why not."""

    value: float
    """0 (useless) to 1 (good)."""
    reason: str | None = None
    """An abstain reason (`low_light`, `occluded`, `low_asr`, ...) when the value is 0 or poor."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample:
    """One aligned face of one participant."""

    participant_id: str
    at_us: int
    crop: NDArray[np.uint8]
    """FACE_CROP_PX x FACE_CROP_PX x 3, RGB, eyes level, landmarks at FACE_TEMPLATE."""
    landmarks: NDArray[np.float32]
    """5 x 2 in pixels of the sampled frame, order of FACE_TEMPLATE."""
    box: Box
    """The face in pixels of the sampled frame."""
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class Manner:
    """How one speaker usually talks: running means of what is measured of looks at the voice."""

    mean: NDArray[np.float32]
    """One value per statistic."""
    square: NDArray[np.float32]
    """Of the squares."""
    seconds: float
    """Seconds of speech that these are of."""
    waiting_s: float = 0.0
    """Seconds of speech since then."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerBaseline:
    """Running statistics of one speaker's log-mel frames, pitch and manner in this call; it is kept nowhere else."""

    mean: NDArray[np.float32]
    """One value per mel band."""
    variance: NDArray[np.float32]
    seconds: float
    """Seconds of speech seen, the prior not counted."""
    pitch: float = 0.0
    """Mean of the pitch, in octaves above 1 Hz."""
    pitch_variance: float = 0.0
    voiced_s: float = 0.0
    """Seconds of voice with a pitch that were seen."""
    manner: Manner | None = None
    """None: nothing was seen of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """What is measured of a stretch of one voice."""

    frames: NDArray[np.float32]
    """Log-mel frames, one every 10 ms (n x 64)."""
    pitch: NDArray[np.float32]
    """Hz, one every 20 ms (m); 0 where there is none."""
    periodic: NDArray[np.float32]
    """How periodic the voice is at that pitch, 0 to about 1 (m)."""
    tone: NDArray[np.float32]
    """Quality, vocal tract and balance of the voice, as `inference.tone` measures them (m x k)."""


@dataclass(frozen=True, slots=True, eq=False)
class VoiceSample:
    """Recent sound of one speaker, with that speaker's own baseline."""

    participant_id: str
    start_us: int
    end_us: int
    pcm: NDArray[np.float32]
    """n samples in -1..1, mono, 16 kHz, at most the last few seconds; empty when this is a glance."""
    speech: tuple[tuple[int, int], ...]
    """Half-open stretches of `pcm`, in sample indices, that hold speech."""
    baseline: SpeakerBaseline
    quality: Quality
    sounding: Sounding | None = None
    """What capture measured already, of `pcm` and the time around it; None: the encoder measures."""
    look: tuple[int, int] | None = None
    """The piece of `sounding` that this sample is about, in steps of its pitch, half open; None: all of it."""
    glance: bool = False
    """Whether this is one of the answers asked for between two whole samples: measures without the sound."""


@dataclass(frozen=True, slots=True)
class TextSample:
    """One utterance to be read, with its place in time."""

    participant_id: str
    start_us: int
    end_us: int
    text: str
    quality: Quality
    language: str | None = None


Sample = FaceSample | VoiceSample | TextSample


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """What an encoder takes."""

    modality: Modality
    sample: type[FaceSample] | type[VoiceSample] | type[TextSample]
    glances: bool = False
    """Whether it also reads glances, which hold no sound."""

    def of(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Those of one modality's samples that it takes."""
        return [one for one in samples if self.glances or not (isinstance(one, VoiceSample) and one.glance)]


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch in which a permitted modality gave nothing, and why."""

    participant_id: str
    modality: Modality
    start_us: int
    end_us: int
    reason: str
    """An abstain reason: `no_face`, `silence`, `low_light`, ..."""
