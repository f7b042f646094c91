"""faster-whisper behind the contract: its real package with a model that is no network, and a real one where given."""

import inspect
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.capture.whisper import NEEDED, WhisperRecogniser
from countenance.contracts.errors import BundleError, MediaError, UsageError
from countenance.contracts.media import SAMPLE_RATE

SECOND = np.full(SAMPLE_RATE, 16384, np.int16)


@dataclass
class Words:
    """As `faster_whisper.transcribe.Segment`, the fields that are read."""

    start: float
    end: float
    text: str
    avg_logprob: float


@dataclass
class English:
    language: str = "en"


@dataclass
class Network:
    """Answers with what a test says, and remembers how it was asked."""

    answer: list[Words] = field(default_factory=list)
    fails: Exception | None = None
    asked: list[tuple[NDArray[np.float32], dict[str, Any]]] = field(default_factory=list)

    def transcribe(self, audio: NDArray[np.float32], **options: object) -> tuple[Iterable[Words], English]:
        self.asked.append((audio, options))
        return self._segments(), English()

    def _segments(self) -> Iterator[Words]:
        yield from self.answer
        if self.fails is not None:
            raise self.fails


def test_segments_become_words_with_times_confidence_and_language() -> None:
    network = Network([Words(0.0, 0.52, " Well,", -0.1), Words(0.52, 1.0, " no.", -2.0)])
    first, second = WhisperRecogniser(network, "en").recognise(SECOND)
    assert (first.start_us, first.end_us, first.text, first.language) == (0, 520_000, " Well,", "en")
    assert first.confidence == pytest.approx(math.exp(-0.1))
    assert second.confidence == pytest.approx(math.exp(-2.0))
    audio, options = network.asked[0]
    assert audio.dtype == np.float32
    assert audio.max() == 0.5
    assert options["language"] == "en"
    assert not options["condition_on_previous_text"], "a stretch knows nothing of another, nor of another person"


def test_the_package_takes_what_it_is_asked() -> None:
    package = pytest.importorskip("faster_whisper")
    network = Network()
    list(WhisperRecogniser(network).recognise(SECOND))
    known = inspect.signature(package.WhisperModel.transcribe).parameters
    assert set(network.asked[0][1]) <= set(known)
    assert {"device", "compute_type", "cpu_threads", "local_files_only"} <= set(
        inspect.signature(package.WhisperModel.__init__).parameters
    )
    segment = inspect.get_annotations(package.transcribe.Segment)
    assert {"start", "end", "text", "avg_logprob"} <= set(segment)
    assert "language" in inspect.get_annotations(package.transcribe.TranscriptionInfo)


@pytest.mark.parametrize("error", [RuntimeError("no memory"), ValueError("no tokens")])
def test_a_stretch_that_fails_is_an_error_of_the_media(error: Exception) -> None:
    recogniser = WhisperRecogniser(Network([Words(0, 1, "Yes.", 0.0)], error))
    words = iter(recogniser.recognise(SECOND))
    assert next(words).text == "Yes."
    with pytest.raises(MediaError, match="was not recognised"):
        next(words)


@pytest.mark.parametrize("missing", NEEDED)
def test_a_folder_without_a_part_is_refused_before_anything_could_be_downloaded(tmp_path: Path, missing: str) -> None:
    for name in NEEDED:
        if name != missing:
            (tmp_path / name).write_text("{}")
    with pytest.raises(BundleError, match=missing):
        WhisperRecogniser.load(tmp_path)


def test_a_folder_that_holds_no_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    for name in NEEDED:
        (tmp_path / name).write_text("{}")
    with pytest.raises(BundleError, match="cannot be loaded"):
        WhisperRecogniser.load(tmp_path)


def test_without_the_extra_it_says_which_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        (tmp_path / name).write_text("{}")
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    with pytest.raises(UsageError, match=r"countenance\[whisper\]"):
        WhisperRecogniser.load(tmp_path)


def test_a_real_model_hears_real_words(shared: Path) -> None:
    folder = os.environ.get("COUNTENANCE_WHISPER")
    if not folder:
        pytest.skip("COUNTENANCE_WHISPER names no folder with a faster-whisper model")
    from tests.capture.test_recognition import _sound

    pcm = _sound(shared / "data/audio_meeting_ami/sample.wav")[12 * SAMPLE_RATE : 20 * SAMPLE_RATE]
    heard = " ".join(words.text for words in WhisperRecogniser.load(Path(folder), "en").recognise(pcm)).lower()
    assert "chicago" in heard
