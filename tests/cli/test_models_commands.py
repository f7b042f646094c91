"""`countenance models ...` about licences, other people's weights, and weights by name."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.encoders.foreign import FER, FER_PLACES, LICENCE, face_folder, face_net
from tests.inference.hubs import Hub, running
from typer.testing import CliRunner, Result

from countenance.cli import app
from countenance.contracts.errors import BundleError, DownloadError, UsageError
from countenance.inference.bundle import sha256
from countenance.inference.pull import LOCK
from countenance.inference.tomltext import to_toml

FILE = "/tiny/resolve/main/model.onnx"


def run(*words: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["models", *(str(word) for word in words)], input=typed)


def done(*words: str | Path, typed: str = "") -> str:
    result = run(*words, typed=typed)
    assert result.exception is None, result.exception
    return result.stdout


# --- licences


def test_the_ledger_is_printed_with_what_stands_on_each_row() -> None:
    told = json.loads(done("licences", "--json"))
    assert told["rows"]["ravdess"]["models"] == ["voice-emotion.v1"]
    assert told["rows"]["ravdess"]["allowed"] == ["research", "evaluation"]
    assert told["left_out"] == {}
    assert "meld" not in told["rows"]
    assert json.loads(done("licences", "--all", "--json"))["rows"]["meld"]["allowed"] == ["evaluation"]


def test_the_commercial_profile_says_which_row_forbids_what() -> None:
    told = done("licences", "--profile", "commercial")
    assert "left out under the profile commercial: face-expression.v1: the licence row 'fer2013'" in told
    listed = json.loads(done("list", "--profile", "commercial", "--json"))
    assert listed["face-finder.v1"]["left_out"] is None
    assert "'ravdess'" in listed["voice-emotion.v1"]["left_out"]


def test_an_unknown_profile_is_a_usage_error() -> None:
    assert isinstance(run("licences", "--profile", "free").exception, UsageError)


def test_weights_of_ones_own_are_listed_with_their_terms(tmp_path: Path) -> None:
    folder = face_folder(tmp_path / "mine", size=32, replaces=["face-expression.v1"])
    told = done("list", "--models", folder)
    assert "foreign.v1: Random weights for a test. Weights: Apache-2.0; data: nothing: random weights." in told
    assert "left out under the profile open: face-expression.v1: foreign.v1 takes its place" in told
    rows = json.loads(done("licences", "--models", folder, "--json"))["rows"]
    assert rows["foreign"]["allowed"] == ["research", "evaluation"]


# --- verify


def test_an_adapter_is_described_before_anything_loads_it(tmp_path: Path) -> None:
    folder = face_folder(tmp_path / "mine", size=32)
    told = done("verify", folder)
    assert "input pixel_values: n x 3 x 32 x 32" in told
    assert "output logits: n x 7" in told
    assert f"labels of first: {', '.join(FER)}" in told
    assert "profile commercial: the licence row 'foreign'" in told
    assert f"{sha256(folder / 'model.onnx')}  model.onnx" in told


def test_a_shipped_bundle_verifies_and_loads_under_both_profiles(root: Path) -> None:
    found = json.loads(done("verify", root / "src/countenance/models/face-finder.v1", "--json"))
    assert found["profiles"] == {"open": "loads", "commercial": "loads"}
    assert found["inputs"] == {"frames": ["n", 3, "tall", "wide"]}


def test_what_is_wrong_with_weights_is_one_line(tmp_path: Path) -> None:
    folder = face_folder(tmp_path / "mine", size=32)
    (folder / "model.onnx").write_bytes(b"other")
    failed = run("verify", folder)
    assert isinstance(failed.exception, BundleError)
    assert "\n" not in failed.exception.diagnosis


def safetensors(path: Path, header: object, data: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_the_header_of_a_safetensors_file_is_read(tmp_path: Path) -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "head.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "head.bias": {"dtype": "F16", "shape": [3], "data_offsets": [24, 30]},
    }
    told = done("verify", safetensors(tmp_path / "model.safetensors", header, bytes(30)))
    assert "tensor head.weight: F32 x 2 x 3" in told
    assert "tensor head.bias: F16 x 3" in told


@pytest.mark.parametrize(
    ("header", "size", "said"),
    [
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 4, "take 8 bytes, and it has 4"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 12, "take 8 bytes, and it has 12"),
        ({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, 8, "8 bytes for a tensor of the shape"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, 8, "begins at byte 4"),
        ({"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}, 4, "F99"),
        ({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}, 0, "whole numbers"),
        ([1, 2], 0, "not in order"),
    ],
)
def test_a_safetensors_file_that_does_not_add_up_is_refused(
    tmp_path: Path, header: object, size: int, said: str
) -> None:
    failed = run("verify", safetensors(tmp_path / "model.safetensors", header, bytes(size)))
    assert isinstance(failed.exception, BundleError)
    assert said in str(failed.exception)


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert isinstance(run("verify", path).exception, BundleError)


def test_a_pickle_is_never_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(b"\x80\x04K\x01.")
    failed = run("verify", path)
    assert isinstance(failed.exception, BundleError)
    assert "a pickle can run code on load" in str(failed.exception)
    assert isinstance(run("verify", tmp_path / "nothing").exception, UsageError)


# --- pull


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return face_net(tmp_path_factory.mktemp("net") / "model.onnx", 32, len(FER))


@pytest.fixture
def hub(network: Path) -> Iterator[Hub]:
    with running(Hub({FILE: network.read_bytes()})) as served:
        served.headers = {"X-Linked-Etag": f'"{sha256(network)}"', "X-Linked-Size": str(network.stat().st_size)}
        yield served


@pytest.fixture
def entry(hub: Hub, tmp_path: Path) -> Path:
    said = {"labels": FER, "emotions": FER_PLACES}
    card = {"id": "tiny", "summary": "Random weights.", "licence": LICENCE, "face": {"size": 32}, "output": said}
    table = {"name": "tiny", "title": "Tiny", "form": "onnx", "note": "Made.", "card": card}
    path = tmp_path / "tiny.toml"
    path.write_text(to_toml({**table, "file": [{"as": "model.onnx", "url": hub.url(FILE)}]}), encoding="utf-8")
    return path


def test_size_licence_and_hash_are_shown_before_anything_is_fetched(
    entry: Path, hub: Hub, network: Path, tmp_path: Path
) -> None:
    refused = run("pull", "--entry", entry, "--to", tmp_path / "models", typed="n\n")
    assert refused.exit_code == 1
    shown = refused.stderr
    assert f"model.onnx: {network.stat().st_size / 1e6:.2f} MB, sha256 {sha256(network)} (said by the hub)" in shown
    assert "licence: Apache-2.0 (a random number generator); trained on: nothing: random weights" in shown
    assert "commercial use: no" in shown
    assert [method for method, _, _ in hub.asked] == ["HEAD"]
    assert not (tmp_path / "models").exists()


def test_what_is_pulled_can_be_listed_at_once_and_is_not_pulled_twice(entry: Path, hub: Hub, tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert done("pull", "--entry", entry, "--to", models, typed="y\n").splitlines()[-1] == str(models / "tiny")
    assert (models / LOCK).is_file()
    assert "tiny.v1: Random weights." in done("list", "--models", models)
    hub.asked.clear()
    assert "there already" in done("pull", "--entry", entry, "--to", models, "--yes")
    assert not hub.asked


def test_a_file_is_taken_without_any_network(entry: Path, hub: Hub, network: Path, tmp_path: Path) -> None:
    words = ("pull", "--entry", entry, "--to", tmp_path / "models", "--from", network, "--yes")
    assert isinstance(run(*words).exception, UsageError)
    done(*words, "--sha256", f"model.onnx={sha256(network)}")
    assert not hub.asked


def test_another_file_than_the_one_that_was_promised_is_not_taken(entry: Path, network: Path, tmp_path: Path) -> None:
    words = ("--from", network, "--yes", "--sha256", "model.onnx=" + "0" * 64)
    failed = run("pull", "--entry", entry, "--to", tmp_path / "models", *words)
    assert isinstance(failed.exception, DownloadError)


@pytest.mark.parametrize("word", ["model.onnx", "model.onnx=abc", "=" + "0" * 64 + "g"])
def test_a_hash_that_is_none_is_a_usage_error(entry: Path, tmp_path: Path, word: str) -> None:
    failed = run("pull", "--entry", entry, "--to", tmp_path / "models", "--sha256", word)
    assert isinstance(failed.exception, UsageError)
    assert "is not FILE=HEX" in str(failed.exception)


def test_without_a_name_the_catalogue_is_listed() -> None:
    told = done("pull")
    assert "yunet: YuNet" in told
    assert "Licence: Apache-2.0" in told


# --- convert


def test_converting_onto_the_same_folder_or_with_an_unknown_card_is_refused(tmp_path: Path) -> None:
    assert isinstance(run("convert", tmp_path, "--card", "nobody.toml").exception, UsageError)
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    failed = run("convert", tmp_path, "--card", "vit-face-expression")
    assert isinstance(failed.exception, UsageError)
    assert "--to" in str(failed.exception)
