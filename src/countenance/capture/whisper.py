"""Words by faster-whisper on this machine, out of a folder of the operator's; nothing is ever downloaded here."""

import importlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.capture.recognition import Heard
from countenance.contracts.errors import BundleError, MediaError, UsageError
from countenance.contracts.media import SECOND_US

NEEDED = ("config.json", "model.bin", "tokenizer.json")
"""Without the tokenizer the package would ask a hub for one."""


class Segment(Protocol):
    """What the package says of a stretch of words; seconds from the start of the sound."""

    start: float
    end: float
    text: str
    avg_logprob: float


class Info(Protocol):
    """What the package says of the whole sound."""

    language: str


class Model(Protocol):
    """The part of `faster_whisper.WhisperModel` that is used."""

    def transcribe(self, audio: NDArray[np.float32], **options: Any) -> tuple[Iterable[Segment], Info]:  # noqa: ANN401
        """Segments, recognised as they are asked for."""
        ...


class WhisperRecogniser:
    """A Whisper network over whole stretches of voice."""

    def __init__(self, model: Model, language: str | None = None) -> None:
        """`language` as in `en`; None lets the model guess it anew for every stretch."""
        self._model = model
        self._language = language

    @classmethod
    def load(cls, folder: Path, language: str | None = None, threads: int = 1) -> "WhisperRecogniser":
        """Read a folder in CTranslate2's layout; int8 on the processor."""
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            raise BundleError(
                f"{folder}: no {missing[0]} in it, so it is no faster-whisper model",
                f"Give a folder that holds {', '.join(NEEDED)} and the vocabulary.",
            )
        try:
            package = importlib.import_module("faster_whisper")
        except ImportError as error:
            raise UsageError(
                "transcription by whisper needs the package faster-whisper", "Install the extra: countenance[whisper]."
            ) from error
        try:
            model = package.WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise BundleError(f"{folder}: cannot be loaded ({error})", "Convert or copy the model again.") from error
        return cls(model, language)

    def recognise(self, pcm: NDArray[np.int16]) -> Iterator[Heard]:
        """Segments with the mean probability of their tokens as confidence."""
        try:
            segments, info = self._model.transcribe(
                pcm.astype(np.float32) / 32768.0,
                language=self._language,
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
                without_timestamps=False,
                vad_filter=False,
            )
            for segment in segments:
                yield Heard(
                    round(segment.start * SECOND_US),
                    round(segment.end * SECOND_US),
                    segment.text,
                    min(1.0, math.exp(segment.avg_logprob)),
                    info.language,
                )
        except (RuntimeError, ValueError) as error:  # CTranslate2 and the package raise these
            raise MediaError(f"a stretch of {len(pcm)} samples was not recognised ({error})", "") from error
