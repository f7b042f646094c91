import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("onnx")
pytest.importorskip("soundfile")

import soundfile
from tests.encoders.voices import SAMPLE_RATE, pulses

from countenance.contracts.errors import UsageError
from countenance.encoders.voice import VoiceEncoder
from countenance.inference.bundle import Bundle
from countenance.training.recipe import load_recipe
from countenance.training.voice_emotion import figures, words
from countenance.training.voice_emotion.make import EMODB, RAVDESS, Places, make
from countenance.training.voice_emotion.recipe import VoiceRecipe

CLASSES = ((1, 120.0), (5, 210.0))
"""Neutral is low and anger is high: a net that learns anything tells them apart."""


def corpora(folder: Path) -> Path:
    """Eight made actors, two clips each, and Emo-DB with two made speakers."""
    rng = np.random.default_rng(0)
    for actor in range(1, 9):
        place = folder / RAVDESS / f"Actor_{actor:02d}"
        place.mkdir(parents=True)
        for emotion, hertz in CLASSES:
            wave = pulses(hertz + actor, 0.9) + rng.normal(0, 1e-3, int(0.9 * SAMPLE_RATE)).astype(np.float32)
            name = f"03-01-{emotion:02d}-01-01-01-{actor:02d}.flac"
            soundfile.write(place / name, 0.5 * wave / np.abs(wave).max(), SAMPLE_RATE)
    german = folder / EMODB / "wav"
    german.mkdir(parents=True)
    for speaker in ("03", "08"):
        for letter, (_, hertz) in zip("NW", CLASSES, strict=True):
            wave = pulses(hertz, 0.9)
            soundfile.write(german / f"{speaker}a01{letter}a.flac", 0.5 * wave / np.abs(wave).max(), SAMPLE_RATE)
    return folder


def tiny() -> VoiceRecipe:
    shipped = load_recipe(VoiceRecipe, "voice-emotion").model_dump()
    shipped["frames"] |= {"epochs": 1, "batch": 4}
    shipped["statistics"] |= {"members": 1, "epochs": 2, "batch": 4, "widths": (8, 4), "clean_passes": 2}
    shipped["statistics"] |= {"disturbed_passes": 1, "cold_passes": 1}
    if shutil.which("espeak-ng") is None:
        shipped["statistics"]["words"] = 0.0
    return VoiceRecipe.model_validate(shipped)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_one_command_makes_a_bundle_and_a_second_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_IDEAL_DRAWS", 5)
    monkeypatch.setattr(words, "VOICES", 1)
    places = Places(corpora(tmp_path / "data"), tmp_path / "run")
    folder = make(tiny(), places, "cpu")
    bundle = Bundle.load(folder)
    VoiceEncoder(bundle)
    metrics = {figure.metric for figure in bundle.card.figures}
    assert {"uar_8", "uar_cold", "uar_replayed", "uar_telephone", "emodb_uar_4", "ece15"} <= metrics
    assert bundle.calibration.extra["abstain_below"]
    assert bundle.card.licence.rows == ("countenance", "ravdess", "spoken-words")
    before = (tmp_path / "run/record.json").read_text()
    assert make(tiny(), places, "cpu") == folder
    assert (tmp_path / "run/record.json").read_text() == before, "Emo-DB is read once, and no net is trained twice"
    other = tiny().model_copy(update={"frames_share": 0.9})
    with pytest.raises(UsageError, match="frames_share"):
        make(other, places, "cpu")
