from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("onnx")

import torch

from countenance.contracts.errors import UsageError
from countenance.encoders.functionals import FUNCTIONALS, Heard
from countenance.encoders.voice import INPUTS
from countenance.inference.hearing import Sounding
from countenance.inference.logmel import MELS, SpeakerPrior
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets.ravdess import LABELS, parse_name
from countenance.training.recipe import load_recipe
from countenance.training.run import Run
from countenance.training.voice_emotion.bundle import to_onnx
from countenance.training.voice_emotion.fit import TrainingSet, fit_frames
from countenance.training.voice_emotion.folds import answers
from countenance.training.voice_emotion.net import FramesNet, StatisticsNet, VoiceNet, statistics_like
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.sessions import padded
from countenance.training.voice_emotion.statistics_fit import fit_statistics, rows_of
from countenance.training.voice_emotion.targets import PLACES, targets

CPU = torch.device("cpu")


def net() -> VoiceNet:
    torch.manual_seed(0)
    made = VoiceNet(FramesNet(), StatisticsNet(FUNCTIONALS, (16, 8), 2, 0.5, 0.2), 0.3)
    made.eval()
    return made


def pieces() -> list[Heard]:
    rng = np.random.default_rng(0)
    made = []
    for length in (300, 150, 80):
        windows = rng.normal(size=length // 2).astype(np.float32)
        frames = rng.normal(size=(length, MELS)).astype(np.float32)
        made.append(Heard(frames, np.ones(length, bool), windows, np.abs(windows)))
    return made


def recipe(**changes: dict[str, int]) -> VoiceRecipe:
    """The shipped recipe, made small."""
    shipped = load_recipe(VoiceRecipe, "voice-emotion").model_dump()
    small: dict[str, dict[str, Any]] = {
        "frames": {"epochs": 2, "batch": 8},
        "statistics": {"epochs": 2, "batch": 8, "widths": (16, 8), "clean_passes": 2, "disturbed_passes": 0},
    }
    for part, values in (*small.items(), *changes.items()):
        shipped[part] = {**shipped[part], **values}
    return VoiceRecipe.model_validate(shipped)


def two_kinds() -> TrainingSet:
    """Clips of two classes that differ in their spectrum and in their pitch."""
    rng = np.random.default_rng(3)
    clips = [parse_name(Path(f"03-01-0{5 - 4 * (at % 2)}-01-01-01-0{at % 4 + 1}.flac")) for at in range(32)]
    shapes = rng.normal(0, 2, (2, MELS))
    made = []
    for clip in clips:
        calm = int(clip.label == 0)
        frames = (shapes[calm] + rng.normal(-6, 0.5, (120, MELS))).astype(np.float32)
        pitch = np.full(60, 120.0 if calm else 200.0, np.float32)
        made.append(Sounding(frames, pitch, np.full(60, 0.8, np.float32)))
    return TrainingSet(clips, [made], SpeakerPrior((-6.0,) * MELS, (2.0,) * MELS))


def test_the_nets_are_small_and_have_a_place_for_every_class() -> None:
    assert 100_000 <= sum(part.numel() for part in net().parameters()) <= 400_000
    assert set(PLACES) == set(LABELS)
    assert all(-1 <= value <= 1 for place in PLACES.values() for value in place)


def test_every_class_has_the_same_say_and_a_weaker_act_lies_further_in() -> None:
    names = [f"03-01-0{emotion}-0{intensity}-01-01-01.flac" for emotion, intensity in ((5, 1), (5, 2), (5, 2), (1, 1))]
    classes, places, weights = targets([parse_name(Path(name)) for name in names])
    assert weights[:3].sum() == pytest.approx(weights[3:].sum())
    assert places[0] == pytest.approx(places[1] * 0.75)
    assert classes.sum(axis=1).tolist() == [1.0] * 4


def test_a_batch_says_the_same_as_singles_whatever_the_lengths() -> None:
    together = answers(net(), pieces())
    for at, piece in enumerate(pieces()):
        for whole, alone in zip(together, answers(net(), [piece]), strict=True):
            np.testing.assert_allclose(whole[at], alone[0], atol=1e-5)


def test_what_follows_the_sound_changes_nothing() -> None:
    frames, present = padded([piece.frames for piece in pieces()])
    noisy = frames.copy()
    noisy[2, :, :, 120:] = 9.0
    inner = net().frames
    with torch.no_grad():
        clean, other = (inner(torch.from_numpy(part), torch.from_numpy(present))[0][2] for part in (frames, noisy))
    torch.testing.assert_close(clean, other)


def test_both_experts_have_their_share() -> None:
    whole = net()
    values = torch.zeros(1, 1, MELS, 300), torch.ones(1, 300), torch.randn(1, FUNCTIONALS)
    with torch.no_grad():
        mixed, _, embedding = whole(*values)
        frames, statistics = whole.frames(*values[:2])[0], whole.statistics(values[2])[0]
    expected = 0.3 * torch.log_softmax(frames, 1) + 0.7 * torch.log_softmax(statistics, 1)
    torch.testing.assert_close(mixed, expected)
    assert embedding.shape == (1, 64 + 8)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exported_net_says_what_the_trained_one_says(tmp_path: Path) -> None:
    assert to_onnx(net(), tmp_path / "voice.onnx") < 1e-3
    model = OnnxModel(tmp_path / "voice.onnx")
    assert model.inputs == INPUTS
    assert model.outputs == ("scores", "dimensions", "embedding")


def test_training_of_the_frames_expert_learns_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    run = Run.open(tmp_path, recipe())
    fit_frames(two_kinds(), recipe(), run, "fold1", CPU)
    fit_frames(two_kinds(), recipe(frames={"epochs": 6}), run, "fold1", CPU)
    logged = run.curves()
    assert [row["step"] for row in logged] == [1, 2, 3, 4, 5, 6]
    assert logged[-1]["loss"] < logged[0]["loss"]


def test_the_statistics_expert_learns_and_is_kept(tmp_path: Path) -> None:
    asked = recipe(statistics={"epochs": 12})
    run = Run.open(tmp_path, asked)
    data = two_kinds()
    first = fit_statistics(data, asked, run, "fold1", CPU)
    rows, clips = rows_of(data, asked.statistics, np.random.default_rng(1))
    with torch.no_grad():
        said = first(torch.from_numpy(rows))[0].argmax(1).numpy()
    assert (said == np.array([clip.label for clip in data.clips])[clips]).mean() > 0.9
    again = fit_statistics(data, asked, run, "fold1", CPU)
    for own, kept in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(own, kept)


def test_a_kept_net_has_the_shape_it_was_kept_with() -> None:
    made = StatisticsNet(5, (7, 3), 4, 0.5, 0.2)
    assert len(statistics_like(made.state_dict()).heads) == 4


def test_a_recipe_with_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    shipped = Path(load_recipe.__code__.co_filename).with_name("recipes") / "voice-emotion.toml"
    path.write_text(shipped.read_text().replace("members =", "member ="))
    with pytest.raises(UsageError, match="members"):
        load_recipe(VoiceRecipe, str(path))
