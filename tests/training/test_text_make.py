"""`countenance train text`, from made-up corpora and a random base to two bundles; needs torch."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("sklearn")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from countenance.contracts.errors import UsageError  # noqa: E402
from countenance.encoders.text import TextEncoder  # noqa: E402
from countenance.inference.bundle import Bundle  # noqa: E402
from countenance.inference.shelf import Profile, Shelf  # noqa: E402
from countenance.training.datasets.call_lines import read_call_lines  # noqa: E402
from countenance.training.datasets.goemotions import LABELS  # noqa: E402
from countenance.training.datasets.store import Split  # noqa: E402
from countenance.training.recipe import load_recipe  # noqa: E402
from countenance.training.run import Run  # noqa: E402
from countenance.training.text_emotion import exporting  # noqa: E402
from countenance.training.text_emotion.eight_bits import BLOCK, blocks  # noqa: E402
from countenance.training.text_emotion.make import make  # noqa: E402
from countenance.training.text_emotion.net import HIDDEN, LAYERS, POSITIONS, VOCABULARY, WIDTH, TextNet  # noqa: E402
from countenance.training.text_emotion.places import Places  # noqa: E402
from countenance.training.text_emotion.recipe import TextRecipe  # noqa: E402
from countenance.training.text_emotion.teaching import finished, net_of  # noqa: E402


def base(folder: Path) -> Path:
    """A MiniLM of the right shape that knows nothing, with the shipped tokenizer."""
    random = torch.Generator().manual_seed(0)
    layer = "encoder.layer.{}.{}"
    shapes = {"attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH)}
    shapes |= {"attention.self.value": (WIDTH, WIDTH), "attention.output.dense": (WIDTH, WIDTH)}
    shapes |= {"intermediate.dense": (HIDDEN, WIDTH), "output.dense": (WIDTH, HIDDEN)}
    weights = {
        "embeddings.word_embeddings.weight": torch.randn(VOCABULARY, WIDTH, generator=random),
        "embeddings.position_embeddings.weight": torch.randn(POSITIONS, WIDTH, generator=random),
        "embeddings.token_type_embeddings.weight": torch.zeros(2, WIDTH),
        "embeddings.LayerNorm.weight": torch.ones(WIDTH),
        "embeddings.LayerNorm.bias": torch.zeros(WIDTH),
    }
    for at in range(LAYERS):
        for name, shape in shapes.items():
            weights[layer.format(at, f"{name}.weight")] = 0.05 * torch.randn(shape, generator=random)
            weights[layer.format(at, f"{name}.bias")] = torch.zeros(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            weights[layer.format(at, f"{name}.weight")] = torch.ones(WIDTH)
            weights[layer.format(at, f"{name}.bias")] = torch.zeros(WIDTH)
    folder.mkdir()
    save_file(weights, folder / "model.safetensors")
    words = Shelf.installed(Profile.COMMERCIAL).load("text-emotion.v1").folder / "tokenizer.json"
    (folder / "tokenizer.json").write_bytes(words.read_bytes())
    return folder


def corpora(folder: Path) -> Path:
    """Two comments per label and split, a few rated sentences, one chat and one dialogue."""
    comments = folder / "text_goemotions" / "data" / "original"
    comments.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        rows = [
            f"so much {name} number {copy}\t{at}\t{split}{at}x{copy}"
            for at, name in enumerate(LABELS)
            for copy in (1, 2)
        ]
        (comments / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    bank = folder / "text_emobank" / "corpus"
    bank.mkdir(parents=True)
    rated = [
        f"{split}_{at},{split},{1 + at % 5},{1 + at % 3},{1 + at % 4},Sentence number {at} of {split}"
        for split in ("train", "dev", "test")
        for at in range(12)
    ]
    (bank / "emobank.csv").write_text("\n".join(("id,split,V,A,D,text", *rated)) + "\n", encoding="utf-8")
    chats = folder / "text_maia_dqe" / "Emotion" / "data" / "maia"
    chats.mkdir(parents=True)
    turn = {"floor": "inbound", "text_mt": ["What?", "Fine", "Sad", "Bad"], "text_src": ["Was?", "Gut", "Ach", "Oh"]}
    talks = [{"id": at, "turns": [{**turn, "Emotion": [4, 2, 3, 5]}]} for at in range(3)]
    (chats / "de_client_02_a.json").write_text(json.dumps(talks), encoding="utf-8")
    (chats / "dDE2_splits_a.json").write_text("{}", encoding="utf-8")
    series = folder / "text_meld" / "data" / "MELD"
    series.mkdir(parents=True)
    header = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
    lines = [
        f'{at},Hm {at},Ann,{name},x,{at % 2},{at},1,1,"00:00:01,000","00:00:02,000"'
        for at, name in enumerate(("neutral", "joy", "sadness", "anger", "surprise", "fear", "disgust"))
    ]
    (series / "dev_sent_emo.csv").write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return folder


def tiny() -> TextRecipe:
    shipped = load_recipe(TextRecipe, "text-emotion").model_dump()
    first, second, third = shipped["course"]
    first |= {"epochs": 1, "batch": 16}
    second |= {"epochs": 2, "batch": 16}
    second["soft"] |= {"teachers": ["first-1"]}
    third |= {"epochs": 2, "batch": 64, "comments": 30, "call_lines": 1, "goes_on_from": ["second-2"]}
    third["soft"] |= {"teachers": ["second-2"]}
    return TextRecipe.model_validate({**shipped, "average": 2, "vad": {**shipped["vad"], "epochs": 1}})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.slow
def test_one_command_makes_two_bundles_and_a_second_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_LOST", 1.0)
    places = Places(corpora(tmp_path / "data"), base(tmp_path / "base"), tmp_path / "run")
    emotion, vad = (Bundle.load(folder) for folder in make(tiny(), places, "cpu"))
    run = Run.open(places.run, tiny())
    told = run.record()["stages"]
    assert set(told) == {"train first", "train second", "train third", "export", "fit", "measure", "time"}
    assert told["export"]["result"]["bits"] == 8
    assert told["measure"]["result"]["absent"] == []
    named = {row["metric"] for row in told["measure"]["result"]["emotion"]}
    assert {row["metric"] for row in told["fit"]["result"]["call_lines"]} >= {"call_lines_negative_auc"}
    assert told["train third"]["result"]["rows_per_epoch"] == 30 + len(read_call_lines(Split.TRAIN).texts)
    assert {"ekman7_macro_f1", "goemotions28_macro_f1", "maia_negative_auc", "conformal_coverage"} <= named
    assert {"meld_accuracy", "meld_accuracy_context", "maia_confusion_auc_context"} <= {
        row["metric"] for row in told["measure"]["result"]["context"]
    }
    assert set(TextEncoder(emotion, vad)._dimensions(_said(emotion))) == {"valence", "arousal"}
    again = make(tiny(), places, "cpu")
    assert run.record()["stages"] == told
    assert Bundle.load(again[0]).ref == emotion.ref


def _said(emotion: Bundle) -> dict[str, np.ndarray]:
    return emotion.model.run({"ids": np.array([[101, 2054, 102]])})


def test_a_finished_course_keeps_its_share_of_what_it_began_with(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", tiny())
    ends = {"second-2": 1.0, "third-1": 3.0, "third-2": 5.0}
    for name, value in ends.items():
        run.save(name, {"net": {key: torch.full_like(one, value) for key, one in TextNet().state_dict().items()}})
    third = tiny().course[-1].model_copy(update={"keeps": 0.25})
    weights = finished(run, third, 2).state_dict().values()
    assert all(torch.allclose(one, torch.tensor(0.25 * 1.0 + 0.75 * 4.0)) for one in weights)
    assert torch.allclose(finished(run, third.model_copy(update={"keeps": 0.0}), 1).fine.bias, torch.tensor(5.0))


def test_a_recipe_that_names_an_unknown_teacher_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"third-9\.pt is not there"):
        net_of(Run.open(tmp_path / "run", tiny()), "third-9")


def test_blocks_of_eight_bits_keep_every_weight_within_half_a_step() -> None:
    weight = np.random.default_rng(0).normal(size=(3 * BLOCK, 5)).astype(np.float32)
    weight[:BLOCK, 2] = 0.0
    whole, scales = blocks(weight)
    back = (whole.astype(np.float32) - 128) * scales.reshape(5, 3, 1)
    off = np.abs(back.reshape(5, 3 * BLOCK).T - weight)
    steps = np.abs(scales).reshape(5, 3).repeat(BLOCK, axis=1).T
    assert (off <= 0.5 * steps + 1e-6).mean() > 0.995
    assert (off <= steps + 1e-6).all()
