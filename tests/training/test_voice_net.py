from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("onnx")

import torch

from countenance.inference.logmel import MELS, SpeakerPrior
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets.ravdess import LABELS, parse_name
from countenance.training.voice_emotion.bundle import to_onnx
from countenance.training.voice_emotion.fit import PLACES, Recipe, TrainingSet, answers, fit
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.sessions import padded


def pieces() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, MELS)).astype(np.float32) for length in (300, 150, 80)]


def test_the_net_is_small_and_has_a_place_for_every_class() -> None:
    assert 100_000 <= sum(part.numel() for part in VoiceNet().parameters()) <= 200_000
    assert set(PLACES) == set(LABELS)
    assert all(-1 <= value <= 1 for place in PLACES.values() for value in place)


def test_a_batch_says_the_same_as_singles_whatever_the_lengths() -> None:
    net = VoiceNet().eval()
    together = answers(net, pieces())
    for at, piece in enumerate(pieces()):
        for whole, alone in zip(together, answers(net, [piece]), strict=True):
            np.testing.assert_allclose(whole[at], alone[0], atol=1e-5)


def test_what_follows_the_sound_changes_nothing() -> None:
    net = VoiceNet().eval()
    frames, present = padded(pieces())
    noisy = frames.copy()
    noisy[2, :, :, 120:] = 9.0
    with torch.no_grad():
        clean, other = (net(torch.from_numpy(part), torch.from_numpy(present))[0][2] for part in (frames, noisy))
    torch.testing.assert_close(clean, other)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exported_net_says_what_the_trained_one_says(tmp_path: Path) -> None:
    net = VoiceNet().eval()
    to_onnx(net, tmp_path / "voice.onnx")
    frames, present = padded(pieces())
    out = OnnxModel(tmp_path / "voice.onnx").run({"frames": frames, "present": present})
    for name, own in zip(("scores", "dimensions"), answers(net, pieces()), strict=True):
        np.testing.assert_allclose(out[name], own, atol=1e-4)
    assert np.abs(out["dimensions"]).max() <= 1.0


def test_training_learns_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    clips = [parse_name(Path(f"03-01-0{5 - 4 * (at % 2)}-01-01-01-0{at % 4 + 1}.flac")) for at in range(32)]
    shapes = rng.normal(0, 2, (2, MELS))
    frames = [(shapes[int(clip.label == 0)] + rng.normal(-6, 0.5, (120, MELS))).astype(np.float32) for clip in clips]
    data = TrainingSet(clips, [frames], SpeakerPrior((-6.0,) * MELS, (2.0,) * MELS))
    said: list[str] = []
    fit(data, Recipe(epochs=2, batch=8), tmp_path / "net.pt", said.append)
    assert [line.split(":")[0] for line in said] == ["epoch 1 of 2", "epoch 2 of 2"]
    fit(data, Recipe(epochs=6, batch=8), tmp_path / "net.pt", said.append)
    assert said[2].startswith("epoch 3 of 6")
    assert len(said) == 6
    assert float(said[-1].split()[-1]) < float(said[0].split()[-1])
