"""faster-whisper behind the contract: a model that is no network, a tiny real one made here, one where it is given."""

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
from tests.capture.test_recognition import WORDS, Said
from tests.capture.test_transcribed import HOP, NOISE, SPEECH
from tests.capture.tiny_whisper import write_model

from countenance.capture.speechgate import Pause, SpeechGate
from countenance.capture.transcription import Transcription, transcriber_of
from countenance.capture.whisper import NEEDED, WhisperRecogniser
from countenance.contracts.errors import BundleError, MediaError, UsageError
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that says three things within the first thirty seconds, whatever it hears."""
    pytest.importorskip("faster_whisper")
    made = tmp_path_factory.mktemp("whisper")
    write_model(made, [(0.0, "Well", 0.52), (0.6, "no", 1.2), (24.0, "thanks", 25.0)])
    return made


def test_the_real_package_reads_a_real_folder_and_gives_segments_with_their_times(folder: Path) -> None:
    heard = list(WhisperRecogniser.load(folder, "de").recognise(SECOND))
    assert [(one.start_us, one.end_us, one.text) for one in heard[:2]] == [
        (0, 520_000, " Well"),
        (600_000, 1_200_000, " no"),
    ]
    assert all(one.language == "de" and one.confidence is not None and one.confidence > 0.9 for one in heard)


def test_the_language_is_guessed_where_none_is_asked_for(folder: Path) -> None:
    assert next(iter(WhisperRecogniser.load(folder).recognise(SECOND))).language == "en"


def test_voice_that_the_gate_lets_through_becomes_words_at_the_time_they_were_said(folder: Path) -> None:
    asked = Transcription(backend="whisper", model=str(folder), language="auto")
    transcriber = transcriber_of(asked, (), {})
    assert transcriber is not None
    assert transcriber.recipient is None, "the voice stays on this machine"
    said, stretches = Said(), []
    hearing, gate = transcriber.open(WORDS, said), SpeechGate(WORDS.id)
    for start in range(0, len(SPEECH), HOP):
        chunk = AudioChunk("ana/audio", start * SECOND_US // SAMPLE_RATE, SPEECH[start : start + HOP])
        for item in gate.take(chunk):
            if isinstance(item, Pause):
                hearing.pause()
            else:
                stretches.append(item)
                hearing.hear(item)
    first, second = said.wait(), said.wait()
    transcriber.close()
    begin_us = stretches[0].at_us
    assert SECOND_US // 2 < begin_us <= SECOND_US, "a second of silence, then speech"
    assert (first.text, first.start_us, first.end_us) == ("Well", begin_us, begin_us + 520_000)
    assert (second.text, second.start_us, second.end_us) == ("no", begin_us + 600_000, begin_us + 1_200_000)
    assert transcriber.counts() == {"utterances": 2}, "what it invents beyond the sound is not said"


def test_silence_never_reaches_the_network(folder: Path) -> None:
    transcriber = transcriber_of(Transcription(backend="whisper", model=str(folder)), (), {})
    assert transcriber is not None
    hearing, gate = transcriber.open(WORDS, Said()), SpeechGate(WORDS.id)
    for start in range(0, len(NOISE), HOP):
        chunk = AudioChunk("ana/audio", start * SECOND_US // SAMPLE_RATE, NOISE[start : start + HOP])
        assert not [item for item in gate.take(chunk) if isinstance(item, AudioChunk)]
    hearing.pause()
    transcriber.close()
    assert transcriber.counts() == {}


def test_a_real_model_hears_real_words(shared: Path) -> None:
    folder = os.environ.get("COUNTENANCE_WHISPER")
    if not folder:
        pytest.skip("COUNTENANCE_WHISPER names no folder with a faster-whisper model")
    from tests.capture.test_recognition import _sound

    pcm = _sound(shared / "data/audio_meeting_ami/sample.wav")[12 * SAMPLE_RATE : 20 * SAMPLE_RATE]
    heard = " ".join(words.text for words in WhisperRecogniser.load(Path(folder), "en").recognise(pcm)).lower()
    assert "chicago" in heard
