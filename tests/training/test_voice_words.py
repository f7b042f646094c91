import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("soundfile")

import torch

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import Sounding
from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.hearing import measured
from countenance.inference.logmel import MELS, SpeakerPrior
from countenance.training.voice_emotion import words
from countenance.training.voice_emotion.words import Worded, moves, sentences, voices

PRIOR = SpeakerPrior((-6.0,) * MELS, (4.0,) * MELS)
SPEAKS = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="the program espeak-ng is not there")


def said(seed: int) -> Sounding:
    """Ten sounds of 200 ms on one pitch, each with harmonics of its own."""
    rng, time = np.random.default_rng(seed), np.arange(32_000) / 16_000
    shapes = np.repeat(rng.exponential(size=(10, 20)), 3_200, axis=0)
    wave = (shapes * np.sin(2 * np.pi * 140.0 * np.outer(time, np.arange(1, 21)))).sum(axis=1)
    return measured(np.asarray(0.02 * wave, np.float32))


def test_sentences_are_whole_and_of_four_languages() -> None:
    found = sentences()
    assert list(found) == ["en", "de", "es", "fr"]
    for texts in found.values():
        assert len(set(texts)) == len(texts) > 200
        assert all(25 <= len(text) <= 80 and not set("{}<>%") & set(text) for text in texts)


def test_a_voice_that_says_one_thing_only_moves_nothing_and_others_move_both_ways() -> None:
    same, other = [said(3)] * 8, [said(at) for at in range(8)]
    none = moves([same], PRIOR, 1)
    assert none.shape == (5 * 4, FUNCTIONALS)  # the first three teach how the voice is
    found = moves([same, other], PRIOR, 1)
    assert np.isfinite(found).all()
    assert np.abs(found[20:]).mean() > 2 * np.abs(found[:20]).mean()
    np.testing.assert_allclose(found[20:].sum(axis=0), 0.0, atol=1e-3)
    np.testing.assert_array_equal(found, moves([same, other], PRIOR, 1))


def test_rows_are_moved_anew_each_time_they_are_taken() -> None:
    torch.manual_seed(0)
    worded = Worded(torch.ones(50, 3), torch.tensor([[2.0, 0.0, 0.0], [0.0, 4.0, 0.0]]), 0.5)
    first, second = worded[torch.arange(50)], worded[torch.arange(50)]
    assert {tuple(row) for row in first.tolist()} == {(2.0, 1.0, 1.0), (1.0, 3.0, 1.0)}
    assert not torch.equal(first, second)
    assert len(worded) == 50


def test_without_the_program_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DatasetError, match="espeak-ng is not there"):
        voices(tmp_path / "words.npz")
    assert not (tmp_path / "words.npz").exists()


def test_a_voice_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(1, command, b"", b"no such voice")

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(DatasetError, match="no such voice"):
        voices(tmp_path / "words.npz")


@SPEAKS
def test_voices_are_made_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(words, "VOICES", 1)
    monkeypatch.setattr(words, "SENTENCES", 4)
    made = voices(tmp_path / "words.npz")
    assert [len(own) for own in made] == [4] * 4
    assert all((one.pitch > 0).mean() > 0.2 for own in made for one in own)
    monkeypatch.setenv("PATH", "")
    again = voices(tmp_path / "words.npz")
    np.testing.assert_array_equal(again[3][3].pitch, made[3][3].pitch)
