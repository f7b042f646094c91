"""Which transcriber a deployment has: the table `[transcription]`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from countenance.capture.deepgram import DeepgramTranscriber, Service
from countenance.capture.recognition import LocalTranscriber
from countenance.capture.whisper import WhisperRecogniser
from countenance.contracts.errors import UsageError
from countenance.contracts.stages import Transcriber
from countenance.inference.tables import Table

KEY = "DEEPGRAM_API_KEY"
AUTO = "auto"


class Transcription(Table):
    """Who writes down what is said, where the words are to be read at all."""

    backend: Literal["none", "captions", "whisper", "deepgram"] = "captions"
    """`captions`: the client or the media server gives them. Deepgram is an external service: name it in the terms."""
    model: str | None = None
    """A folder with a model for whisper, or the name of one of Deepgram's."""
    language: str = "en"
    """`auto`: whisper guesses it, for every stretch anew."""
    slots: int = Field(default=1, ge=1, le=8)
    """How many speakers of a call are transcribed at once."""
    threads: int = Field(default=1, ge=1, le=16)
    """Threads of whisper."""
    url: str = Field(default="https://api.deepgram.com", pattern=r"^https?://")
    """Where Deepgram is; one that you run yourself has an address of its own."""


def transcriber_of(asked: Transcription, recipients: tuple[str, ...], environ: Mapping[str, str]) -> Transcriber | None:
    """The transcriber that is asked for; None where captions are all there is.

    `recipients` are those whom the notice names: a voice leaves this machine only to one of them.
    """
    language = None if asked.language == AUTO else asked.language
    if asked.backend == "whisper":
        if asked.model is None:
            raise UsageError("transcription by whisper needs a model", "Set model to a folder in [transcription].")
        folder = Path(asked.model)
        return LocalTranscriber(lambda: WhisperRecogniser.load(folder, language, asked.threads))
    if asked.backend == "deepgram":
        key = environ.get(KEY)
        if not key:
            raise UsageError("transcription by deepgram needs a key", f"Set {KEY} in the environment.")
        service = Service(key, asked.url, language=language)
        return DeepgramTranscriber(service if asked.model is None else replace(service, model=asked.model), recipients)
    return None
