from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")
pytest.importorskip("onnx")

import torch

from countenance.contracts.errors import UsageError
from countenance.encoders.voice import INPUTS
from countenance.inference.functionals import FUNCTIONALS, Heard
from countenance.inference.hearing import Sounding
from countenance.inference.lift import Above
from countenance.inference.logmel import MELS, SpeakerPrior
from countenance.inference.looks import Stretch
from countenance.inference.onnx import OnnxModel
from countenance.inference.tone import TONE
from countenance.training.datasets.ravdess import LABELS, parse_name
from countenance.training.recipe import load_recipe
from countenance.training.run import Run
from countenance.training.voice_emotion.bundle import _example, to_onnx
from countenance.training.voice_emotion.fit import TrainingSet, fit_frames
from countenance.training.voice_emotion.folds import answers
from countenance.training.voice_emotion.net import (
    FramesNet,
    LivelyNet,
    RelativeRows,
    StatisticsNet,
    VoiceNet,
    divided,
    lively_like,
    statistics_like,
)
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.sessions import stacked
from countenance.training.voice_emotion.statistics_fit import fit_lively, fit_statistics, rows_of
from countenance.training.voice_emotion.targets import PLACES, targets

CPU = torch.device("cpu")


def net(names: float = 1.0) -> VoiceNet:
    torch.manual_seed(0)
    lively = LivelyNet(recipe(lively={"names": names}).lively)
    made = VoiceNet(FramesNet(), StatisticsNet(FUNCTIONALS, recipe().statistics), lively, 0.3)
    made.eval()
    return made


def pieces() -> list[Stretch]:
    rng = np.random.default_rng(0)
    made = []
    for steps in (150, 75, 40):
        pitch = rng.normal(size=steps).astype(np.float32)
        frames = rng.normal(size=(2 * steps, MELS)).astype(np.float32)
        half = frames.reshape(steps, 2, MELS).mean(axis=1)
        tones = rng.normal(size=(steps, len(TONE))).astype(np.float32)
        heard, over = Heard(half, np.ones(steps, bool), pitch, np.abs(pitch), tones), frames[:, :2]
        made.append(Stretch(frames, heard, Above(np.zeros(2 * steps, np.float32), over, pitch, 0.8), 20.0))
    return made


def example() -> dict[str, torch.Tensor]:
    """Ten looks at a stretch of 4 s, the last one at its end."""
    return {name: torch.from_numpy(value) for name, value in _example(400, 10).items()}


def recipe(**changes: dict[str, Any]) -> VoiceRecipe:
    """The shipped recipe, made small."""
    shipped = load_recipe(VoiceRecipe, "voice-emotion").model_dump()
    small: dict[str, dict[str, Any]] = {
        "frames": {"epochs": 2, "batch": 8},
        "statistics": {
            "words": 0.0,
            "epochs": 2,
            "batch": 8,
            "widths": (16, 8),
            "dropout": (0.2,),
            "input_dropout": (0.1,),
            "clean_passes": 2,
            "disturbed_passes": 0,
            "cold_passes": 1,
        },
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
        tones = rng.normal(0, 1, (60, len(TONE))).astype(np.float32)
        made.append(Sounding(frames, pitch, np.full(60, 0.8, np.float32), tones))
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


def test_nothing_after_a_look_changes_what_is_said_of_it() -> None:
    given, whole = example(), net()
    later = given | {"frames": given["frames"].clone()}
    later["frames"][..., 350:] = 9.0
    cut = {name: value[..., :350] if name in ("frames", "present") else value for name, value in given.items()}
    with torch.no_grad():
        before, after, short = (whole(*one.values())[0] for one in (given, later, cut))
    torch.testing.assert_close(before[:5], after[:5], rtol=0, atol=0)
    torch.testing.assert_close(before[:5], short[:5])
    assert (before[5:] - after[5:]).abs().min(dim=1).values.max() > 1e-6


def test_looks_at_one_stretch_say_what_each_says_alone() -> None:
    given, whole = example(), net()
    with torch.no_grad():
        together = whole(*given.values())
        for at in (0, 4, 9):
            alone = {name: value[:, [at]] if name == "present" else value for name, value in given.items()}
            alone |= {name: given[name][[at]] for name in INPUTS[2:]}
            for one, other in zip(together, whole(*alone.values()), strict=True):
                torch.testing.assert_close(one[[at]], other)


def test_both_experts_have_their_share() -> None:
    whole, given = net(names=0.0), example()
    with torch.no_grad():
        mixed, _, embedding = whole(*given.values())
        frames = whole.frames(given["frames"], given["present"])[0]
        statistics = whole.statistics(given["functionals"], *(given[name] for name in INPUTS[5:]))[0]
    expected = 0.3 * torch.log_softmax(frames, 1) + 0.7 * torch.log_softmax(statistics, 1)
    torch.testing.assert_close(mixed, torch.log_softmax(expected, 1))
    assert embedding.shape == (10, 64 + 8)


@pytest.mark.parametrize("say", [0.0, 0.5, 1.0])
def test_the_lively_expert_moves_shares_between_halves_and_never_inside_one(say: float) -> None:
    logits = torch.randn(6, len(LABELS), generator=torch.Generator().manual_seed(1))
    odds = torch.linspace(-4, 4, 6)[:, None]
    logs, moved = torch.log_softmax(logits, 1), divided(logits, odds, torch.full((6, 1), say))
    torch.testing.assert_close(moved.exp().sum(1), torch.ones(6))
    high, low = ([LABELS.index(name) for name in group] for group in (HIGH_AROUSAL, LOW_AROUSAL))
    for half in (high, low):
        torch.testing.assert_close(moved[:, half].softmax(1), logs[:, half].softmax(1))
    disgust = LABELS.index("disgust")
    torch.testing.assert_close(moved[:, disgust], logs[:, disgust])
    own = logs[:, high].logsumexp(1) - logs[:, low].logsumexp(1)
    found = moved[:, high].logsumexp(1) - moved[:, low].logsumexp(1)
    torch.testing.assert_close(found, (1 - say) * own + say * odds[:, 0])


def test_a_speaker_who_is_not_known_is_left_to_the_other_experts() -> None:
    lively = LivelyNet(recipe(lively={"known_s": 10.0}).lively)
    _, known = lively(torch.zeros(3), torch.tensor([0.0, 10.0, 90.0]))
    assert known[:, 0].tolist() == pytest.approx([0.0, 0.5, 0.9])


def test_the_rule_is_turned_into_odds_and_never_into_odds_without_end() -> None:
    rng = np.random.default_rng(0)
    labels = [LABELS.index(name) for name in ("angry", "sad", "disgust")] * 100
    said = rng.normal([1.0, -1.0, 9.0] * 100).astype(np.float32)
    found = fit_lively(said, labels, recipe().lively)
    odds, _ = found(torch.tensor([-1.0, 1.0, 5.0, 50.0]), torch.zeros(4))
    assert odds[:2, 0].tolist() == pytest.approx([-2.0, 2.0], abs=0.6), "disgust is neither high nor low"
    assert odds[2, 0] == odds[3, 0]
    again = lively_like(found.state_dict(), recipe().lively)
    torch.testing.assert_close(again.slope, found.slope)


def test_members_take_their_dropout_in_turn() -> None:
    asked = recipe(statistics={"members": 3, "dropout": (0.2, 0.6), "input_dropout": (0.1,)}).statistics
    drops = [[one.p for one in body if isinstance(one, torch.nn.Dropout)] for body in StatisticsNet(5, asked).bodies]
    assert drops == [[0.1, 0.2, 0.2], [0.1, 0.6, 0.6], [0.1, 0.2, 0.2]]


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
    heard = rows_of(data, asked.statistics, np.random.default_rng(1))
    with torch.no_grad():
        said = (
            first[0](*(torch.from_numpy(part) for part in (heard.rows, *stacked(heard.manners))))[0].argmax(1).numpy()
        )
    assert (said == np.array([clip.label for clip in data.clips])[heard.clips]).mean() > 0.75
    again = fit_statistics(data, asked, run, "fold1", CPU)
    for own, kept in ((first[0], again[0]), (first[1], again[1])):
        for value, other in zip(own.state_dict().values(), kept.state_dict().values(), strict=True):
            torch.testing.assert_close(value, other)


def test_a_kept_net_says_what_it_said() -> None:
    asked = recipe().statistics
    made, given = StatisticsNet(5, asked).eval(), [torch.rand(4, 5) for _ in range(3)]
    kept = statistics_like(made.state_dict(), asked)
    for own, other in zip(made(*given, torch.ones(4)), kept(*given, torch.ones(4)), strict=True):
        torch.testing.assert_close(own, other)


def test_statistics_come_in_units_of_the_speaker_once_that_is_known() -> None:
    rows = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    people = RelativeRows(3, known_s=5.0)
    people.learn(rows)
    own = 4.0 + 2.0 * rows
    usual, square = (part.expand(400, 3) for part in (own.mean(0), (own * own).mean(0)))
    at_first, known = (people(own, usual, square, torch.full((400,), told)) for told in (0.0, 1e6))
    assert at_first[:, 3].tolist() == [0.0] * 400
    assert known[0, 3].item() == pytest.approx(1.0, abs=1e-4)
    spread = rows.std(0, correction=0)
    torch.testing.assert_close(at_first[:, :3], (own - rows.mean(0)) / spread, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(known[:, :3], (rows - rows.mean(0)) / spread, rtol=1e-3, atol=1e-3)


def test_a_recipe_with_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    shipped = Path(load_recipe.__code__.co_filename).with_name("recipes") / "voice-emotion.toml"
    path.write_text(shipped.read_text().replace("members =", "member ="))
    with pytest.raises(UsageError, match="members"):
        load_recipe(VoiceRecipe, str(path))
