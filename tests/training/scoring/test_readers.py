"""The encoders are run as they ship; what comes back is theirs."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from countenance.contracts.errors import DatasetError, UsageError
from countenance.contracts.media import SAMPLE_RATE
from countenance.contracts.readings import EMOTIONS
from countenance.encoders.voice import VoiceEncoder
from countenance.inference.facecrop import halved, inner_grey
from countenance.inference.logmel import unheard
from countenance.inference.shelf import Profile, Shelf
from countenance.training.datasets.store import Row, Split
from countenance.training.scoring.faces import face_of, framed
from countenance.training.scoring.pictures import pictures_of
from countenance.training.scoring.readers import loaded, reader_of
from countenance.training.scoring.voices import LOOK, STEP, decoded, looks


@pytest.fixture(name="shelf", scope="module")
def installed() -> Shelf:
    return Shelf.installed(Profile.OPEN)


def row(**more: object) -> Row:
    return Row("a", "made", Split.TEST, "made", **more)  # type: ignore[arg-type]


def test_a_face_of_48_pixels_reaches_the_net_pixel_for_pixel() -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, size=(48, 48, 1), dtype=np.uint8).repeat(3, axis=2)
    seen = halved(inner_grey([framed(grey).crop]))[0, 0]
    assert seen == pytest.approx(grey[..., 0] / 255.0, abs=1e-5)


def test_a_picture_without_a_finder_must_be_framed() -> None:
    with pytest.raises(DatasetError, match="no framed face of 48 x 48"):
        face_of(np.zeros((60, 60, 3), np.uint8), None, "made row 1")


def test_texts_are_read_as_the_encoder_reads_them(shelf: Shelf) -> None:
    reader = reader_of(loaded("text-emotion.v1", shelf), shelf)
    glad, foreign = reader.read([row(text="This is wonderful, thank you so much!"), row(text="Das geht leider nicht")])
    assert glad.abstained is None
    assert max(EMOTIONS, key=lambda name: glad.shares[name]) == "happiness"
    assert sum(glad.shares.values()) == pytest.approx(1.0, abs=1e-5)
    assert glad.each["happiness"] > 0.5
    assert glad.embedding is not None
    assert foreign.abstained == "out_of_domain"


def test_dimensions_come_from_the_head_on_the_same_text_net(shelf: Shelf) -> None:
    reader = reader_of(loaded("text-vad.v1", shelf), shelf)
    glad, sad = reader.read([row(text="I love this, it is great"), row(text="I hate this, it is terrible")])
    assert glad.dimensions["valence"] > sad.dimensions["valence"]


def test_a_bundle_given_by_its_folder_is_read_with_the_one_beside_it(shelf: Shelf) -> None:
    folder = shelf.load("text-vad.v1").folder
    nothing_installed = Shelf([], Profile.OPEN)
    reader = reader_of(loaded(str(folder), nothing_installed), nothing_installed)
    (glad,) = reader.read([row(text="I love this, it is great")])
    assert glad.dimensions["valence"] > 0


def test_a_bundle_that_nothing_measures_is_named(shelf: Shelf) -> None:
    with pytest.raises(UsageError, match="nothing here measures a bundle for face find"):
        reader_of(loaded("face-finder.v1", shelf), shelf)


def wave(path: Path, seconds: float) -> Path:
    count = int(seconds * 8000)
    sound = (np.sin(np.arange(count) * 2 * np.pi * 220 / 8000) * 8000).astype(np.int16)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return path


def test_sound_of_any_rate_becomes_16_khz_and_stretches_are_cut_out(tmp_path: Path) -> None:
    path = wave(tmp_path / "a.wav", 2.0)
    whole = decoded(row(audio_path=path))
    assert abs(len(whole) - 2 * SAMPLE_RATE) < 100
    assert 0.1 < float(np.abs(whole).max()) < 0.5
    part = decoded(row(audio_path=path, start_us=500_000, end_us=1_500_000))
    assert len(part) == SAMPLE_RATE


def test_a_long_clip_is_looked_at_every_second_and_a_short_one_once() -> None:
    short, long = np.zeros(STEP, np.float32), np.zeros(LOOK + 2 * STEP, np.float32)
    assert [len(one.pcm) for one in looks(short, unheard())] == [STEP]
    assert [len(one.pcm) for one in looks(long, unheard())] == [LOOK, LOOK, LOOK]


def test_a_file_that_holds_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"a\.wav holds no sound"):
        decoded(row(audio_path=tmp_path / "a.wav"))
    with pytest.raises(DatasetError, match="has no sound"):
        decoded(row())


def test_a_still_a_folder_of_stills_and_nothing(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        Image.new("RGB", (5, 4), (255, 0, 0) if name == "a.png" else (0, 0, 255)).save(tmp_path / name)
    (still,) = pictures_of(row(face_path=tmp_path / "a.png"))
    assert still.shape == (4, 5, 3)
    assert [one[0, 0, 0] for one in pictures_of(row(face_path=tmp_path))] == [255, 0]
    (tmp_path / "c.png").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match=r"c\.png is no picture"):
        list(pictures_of(row(face_path=tmp_path / "c.png")))
    with pytest.raises(DatasetError, match="has no picture"):
        list(pictures_of(row()))


def test_silence_is_abstained_from(tmp_path: Path) -> None:
    from countenance.training.scoring.voices import read_voices

    shelf = Shelf.installed(Profile.OPEN)
    if not shelf.has("voice-emotion.v1"):
        pytest.skip("the voice bundle is not installed")
    path = wave(tmp_path / "short.wav", 0.1)
    (said,) = read_voices([row(audio_path=path, subject_id="Ada")], VoiceEncoder.from_shelf(shelf))
    assert said.abstained == "silence"
