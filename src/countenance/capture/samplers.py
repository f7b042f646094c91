"""One sampler per modality of one participant: media of the open window in, samples or the reason for none out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from countenance.capture.faces import Finder
from countenance.capture.facetrack import FaceReader
from countenance.contracts.call import FACE, TEXT, Modality
from countenance.contracts.media import FaceSample, Media, Missing, Quality, Sample, TextSample, Utterance, VideoFrame
from countenance.contracts.readings import Reason

CLEAR_WORDS = 0.5
"""Transcriber confidence below which words are not read."""


class FaceSampler:
    """Frames to aligned crops of the participant's main face."""

    def __init__(self, finder: Finder, participant_id: str) -> None:
        self._finder = finder
        self._participant_id = participant_id
        self._reader = FaceReader(finder, participant_id)
        self._begin()

    @property
    def modality(self) -> Modality:
        """Face."""
        return FACE

    def take(self, media: Media) -> None:
        """Queue a frame."""
        if isinstance(media, VideoFrame):
            self._frames.append(media)

    def ready(self) -> Sequence[Sample]:
        """Find the face in every queued frame."""
        seen = [self._reader.read(frame) for frame in self._frames]
        self._frames.clear()
        faces = [found for found in seen if isinstance(found, FaceSample)]
        if faces:
            self._found = True
        self._reasons += [found for found in seen if isinstance(found, Reason)]
        return faces

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        """The rest of the faces; a window with no face at all says why."""
        faces = self.ready()
        found, reasons = self._found, self._reasons
        self._begin()
        if found:
            return faces, ()
        reason = max(set(reasons), key=lambda r: (reasons.count(r), r)) if reasons else Reason.NO_FACE
        return (), (Missing(self._participant_id, FACE, start_us, end_us, reason),)

    def skip(self, start_us: int, end_us: int) -> None:  # noqa: ARG002 - the contract's window
        """Let the queued frames go."""
        self._begin()

    def drop(self) -> None:
        """Forget the queue and where the face was."""
        self._begin()
        self._reader = FaceReader(self._finder, self._participant_id)

    def _begin(self) -> None:
        """Nothing is known of the window yet."""
        self._frames: list[VideoFrame] = []
        self._found = False
        self._reasons: list[Reason] = []

    def state(self) -> object:
        """Where the face was in the last frames."""
        return self._reader.state

    def restore(self, state: object) -> None:
        """Go on from a `state`."""
        if not isinstance(state, dict):
            raise TypeError("not the state of a face sampler")
        self._reader = FaceReader(self._finder, self._participant_id, state)


@dataclass(slots=True)
class TextSampler:
    """Utterances that end in the window, with a quality from the transcriber's confidence."""

    participant_id: str
    _heard: list[Utterance] = field(default_factory=list)

    @property
    def modality(self) -> Modality:
        """Text."""
        return TEXT

    def take(self, media: Media) -> None:
        """Queue an utterance."""
        if isinstance(media, Utterance):
            self._heard.append(media)

    def ready(self) -> Sequence[Sample]:
        """Nothing: words are read with their window."""
        return ()

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        """One sample per utterance; none at all is silence."""
        samples = [
            TextSample(self.participant_id, u.start_us, u.end_us, u.text, _clarity(u.confidence), u.language)
            for u in self._heard
        ]
        self._heard.clear()
        if samples:
            return samples, ()
        return (), (Missing(self.participant_id, TEXT, start_us, end_us, Reason.SILENCE),)

    def skip(self, start_us: int, end_us: int) -> None:  # noqa: ARG002 - the contract's window
        """Let the queued words go."""
        self._heard.clear()

    def drop(self) -> None:
        """Forget the queue."""
        self._heard.clear()

    def state(self) -> object:
        """Nothing survives a window."""
        return None

    def restore(self, state: object) -> None:
        """Nothing to go on from."""


def _clarity(confidence: float | None) -> Quality:
    if confidence is None:
        return Quality(1.0)
    return Quality(confidence) if confidence >= CLEAR_WORDS else Quality(0.0, Reason.LOW_ASR)
