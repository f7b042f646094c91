from pathlib import Path

import pytest

from countenance.capture.transcription import KEY, Transcription, transcriber_of
from countenance.contracts.errors import BundleError, RefusedError, UsageError
from countenance.inference.tables import checked


def test_without_a_word_about_it_nobody_is_transcribed() -> None:
    assert transcriber_of(Transcription(), (), {}) is None
    assert transcriber_of(Transcription(backend="none"), (), {}) is None


def test_an_unknown_backend_or_key_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean whisper"):
        checked(Transcription, {"backend": "wisper"}, "serve.toml")
    with pytest.raises(UsageError, match="Did you mean model"):
        checked(Transcription, {"modl": "x"}, "serve.toml")


def test_whisper_needs_a_folder_with_a_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Set model to a folder"):
        transcriber_of(Transcription(backend="whisper"), (), {})
    with pytest.raises(BundleError, match=r"config\.json"):
        transcriber_of(Transcription(backend="whisper", model=str(tmp_path)), (), {})


def test_deepgram_needs_a_key_and_a_notice_that_names_it() -> None:
    pytest.importorskip("deepgram")
    asked = Transcription(backend="deepgram", model="nova-2")
    with pytest.raises(UsageError, match=KEY):
        transcriber_of(asked, ("Deepgram",), {})
    with pytest.raises(RefusedError, match="does not name"):
        transcriber_of(asked, (), {KEY: "x"})
    made = transcriber_of(asked, ("Deepgram, Inc.",), {KEY: "x"})
    assert made is not None
    assert made.recipient == "Deepgram"
    made.close()
