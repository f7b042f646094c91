"""Other people's weights are measured by the same command and protocol as ours."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.encoders.foreign import face_folder, finder_net, text_net, tokenizer_file, write_card
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import BundleError, UsageError
from countenance.inference.shelf import Profile, Shelf
from countenance.training.datasets.canonical import write_store
from countenance.training.datasets.store import Row, Split
from countenance.training.scoring.readers import loaded, reader_of

LABELS = ("anger", "joy", "neutral", "confusion")
OUTPUT = {
    "labels": LABELS,
    "activation": "sigmoid",
    "emotions": {"anger": "anger", "joy": "happiness", "neutral": "neutral"},
    "alone": {"confusion": "confusion"},
}


def words(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text_net(folder / "model.onnx", len(LABELS))
    tokenizer_file(folder / "tokenizer.json")
    return write_card(folder, text={}, output=OUTPUT)


def row(uid: str, **more: object) -> Row:
    return Row(uid, "own_folder", Split.TEST, uid, **more)  # type: ignore[arg-type]


def test_a_text_adapter_reads_rows_and_names_what_it_says(tmp_path: Path) -> None:
    shelf = Shelf.installed(Profile.OPEN)
    reader = reader_of(loaded(str(words(tmp_path / "words")), shelf), shelf)
    assert reader.says[-1] == "confusion"
    said, nothing = reader.read([row("a", text="you are not listening to me"), row("b", text="")])
    assert sum(said.shares.values()) == pytest.approx(1, abs=1e-4)
    assert 0 < said.each["confusion"] < 1
    assert nothing.abstained == "low_asr"


def test_a_face_adapter_reads_pictures(tmp_path: Path) -> None:
    shelf = Shelf.installed(Profile.OPEN)
    reader = reader_of(loaded(str(face_folder(tmp_path / "faces", size=32)), shelf), shelf)
    path = tmp_path / "face.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 48, 3)).astype(np.uint8)).save(path)
    (said,) = reader.read([row("a", face_path=path)])
    assert sum(said.shares.values()) == pytest.approx(1, abs=1e-4)


def test_the_profile_holds_for_measuring_too(tmp_path: Path) -> None:
    folder = words(tmp_path / "words")
    with pytest.raises(BundleError, match=r"may not load under the profile 'commercial': the licence row 'foreign'"):
        loaded(str(folder), Shelf.installed(Profile.COMMERCIAL))


def test_a_finder_from_outside_is_not_measured(tmp_path: Path) -> None:
    finder_net(tmp_path / "model.onnx")
    write_card(tmp_path, finder={"width": 64, "height": 32})
    with pytest.raises(UsageError, match="is not measured here"):
        loaded(str(tmp_path), Shelf.installed(Profile.OPEN))


def test_eval_run_takes_the_folder_of_an_adapter(tmp_path: Path) -> None:
    lines = (
        "you are not listening to me",
        "I am so happy thank you",
        "the thing is very much to me",
        "you are so happy",
    )
    labels = ("anger", "happiness", "neutral", "happiness")
    pairs = enumerate(zip(lines * 8, labels * 8, strict=True))
    rows = [row(str(at), text=line, label=label, votes={label: 1.0}, raters=1) for at, (line, label) in pairs]
    store = tmp_path / "store.jsonl"
    write_store(rows, store)
    out = tmp_path / "out"
    command = ["eval", "run", str(words(tmp_path / "words")), "--data", str(store), "--out", str(out)]
    done = CliRunner().invoke(app, command)
    assert done.exception is None, done.exception
    report = json.loads((out / "metrics.json").read_text())
    assert report["bundle"] == "foreign.v1"
    assert report["n"] == len(rows)
    assert "somebody else's weights" in report["protocol"]
