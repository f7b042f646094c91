"""Which transcriber a deployment has: the table `[transcription]`."""

from collections.abc import Mapping
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


class Transcription(Table):
    """Where words come from on a live call."""

    backend: Literal["captions", "whisper", "deepgram"] = "captions"
    """`captions`: the call brings its words, or there are none; nobody's voice is turned into words."""
    folder: Path | None = None
    """The model of `whisper`, in CTranslate2's layout; nothing is downloaded."""
    language: str | None = None
    """As in `en`; left out, it is guessed."""
    slots: int = Field(default=1, ge=1, le=8)
    """How many speakers of a call are transcribed at once."""
    threads: int = Field(default=1, ge=1, le=16)
    """Threads of `whisper`."""
    model: str = "nova-3"
    """The model of `deepgram`."""
    url: str = "https://api.deepgram.com"
    """Where `deepgram` is; a self-hosted one has an address of its own."""


def transcriber_of(asked: Transcription, recipients: tuple[str, ...], environ: Mapping[str, str]) -> Transcriber | None:
    """The transcriber that is asked for; None where captions are all there is.

    `recipients` are those whom the notice names: a voice leaves this machine only to one of them.
    """
    if asked.backend == "whisper":
        if asked.folder is None:
            raise UsageError("transcription by whisper needs a model", "Set folder in [transcription].")
        folder = asked.folder
        return LocalTranscriber(lambda: WhisperRecogniser.load(folder, asked.language, asked.threads))
    if asked.backend == "deepgram":
        key = environ.get(KEY)
        if not key:
            raise UsageError("transcription by deepgram needs a key", f"Set {KEY} in the environment.")
        return DeepgramTranscriber(Service(key, asked.url, asked.model, asked.language), recipients)
    return None
