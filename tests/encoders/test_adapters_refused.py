"""Weights from outside that must not load: each is refused with what is wrong, before this process opens it."""

import pickle
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.encoders.foreign import (
    FER,
    FER_PLACES,
    LICENCE,
    face_folder,
    face_net,
    graph_file,
    helper,
    onnx,
    text_net,
    tokenizer_file,
    value,
    write_card,
)
from tests.encoders.hostile import bomb, carded

from countenance.contracts.errors import BundleError, CountenanceError, UsageError
from countenance.inference.adapter import read_adapter
from countenance.inference.bundle import sha256
from countenance.inference.capped import Caps, tried
from countenance.inference.onnxfile import read_facts

ROOT = Path(__file__).parents[2]
OUTPUT = {"labels": FER, "emotions": FER_PLACES}


def refused(folder: Path, caps: Caps | None = None) -> str:
    with pytest.raises(CountenanceError) as caught:
        tried(folder, caps or Caps())
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return face_folder(tmp_path / "mine", size=32)


def test_a_sound_adapter_is_described(folder: Path) -> None:
    trial = tried(folder)
    assert trial.inputs == {"pixel_values": ["n", 3, 32, 32]}
    assert trial.outputs == {"logits": ["n", 7]}
    assert trial.parameters == 8 * 3 * 16 * 16 + 8 * 7


# --- files


@pytest.mark.parametrize("suffix", [".bin", ".pt", ".pth", ".pkl", ".ckpt", ".npy", ".h5"])
def test_a_pickle_is_refused_by_its_name(folder: Path, suffix: str) -> None:
    (folder / f"weights{suffix}").write_bytes(b"anything")
    assert f"{suffix} files are refused" in refused(carded(folder))


@pytest.mark.parametrize(
    ("content", "said"),
    [(pickle.dumps({"a": 1}), "it is a pickle"), (b"PK\x03\x04rest", "as PyTorch writes"), (b"\x89HDF\r\n", "HDF5")],
)
def test_a_pickle_under_another_name_is_refused_by_its_first_bytes(folder: Path, content: bytes, said: str) -> None:
    (folder / "weights.safetensors").write_bytes(content)
    assert said in refused(carded(folder))


def test_a_file_that_the_card_does_not_name_is_refused(folder: Path) -> None:
    (folder / "more.json").write_text("{}")
    assert "does not name this file" in refused(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    assert "model.onnx: the file is missing" in refused(folder)


def test_a_wrong_hash_is_refused_and_both_are_told(folder: Path) -> None:
    face_net(folder / "model.onnx", 32, 8)
    found = refused(folder)
    assert f"its sha256 is {sha256(folder / 'model.onnx')}, not the one in adapter.toml" in found


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "model.onnx", tmp_path / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    assert "leads out of the folder" in refused(folder)


def test_weights_in_another_file_are_refused(folder: Path) -> None:
    model = onnx.load(str(folder / "model.onnx"))
    onnx.save_model(model, str(folder / "model.onnx"), save_as_external_data=True, size_threshold=0, location="w.txt")
    assert "external data" in refused(carded(folder))


def test_weights_in_another_file_are_found_wherever_a_tensor_may_stand(tmp_path: Path) -> None:
    tensor = onnx.TensorProto(name="t", data_type=1, dims=[1])
    tensor.external_data.add(key="location", value="elsewhere")
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=tensor)], "inner", [], [value("c", [1])])
    node = helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner)
    path = graph_file(tmp_path / "model.onnx", [node], [], [value("out", [1])], yes=np.array(True))
    with pytest.raises(BundleError, match="external data"):
        read_facts(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"no network at all", b"\x3a\xff\xff\xff\xff\xff", b"\x08\x09", b"\x3a\x03\x0a\x7f\x00", b"\x80" * 40],
)
def test_what_is_no_onnx_file_is_refused(folder: Path, content: bytes) -> None:
    (folder / "model.onnx").write_bytes(content)
    found = refused(carded(folder))
    assert "not an ONNX file" in found or "the file is empty" in found or "it is a pickle" in found


def test_a_tensor_of_absurd_size_is_refused(folder: Path) -> None:
    tensor = onnx.TensorProto(name="t", data_type=1, dims=[1 << 20, 1 << 30])
    graph = helper.make_graph([], "huge", [], [], [tensor])
    onnx.save(helper.make_model(graph), str(folder / "model.onnx"))
    assert "absurd size" in refused(carded(folder))


def test_facts_of_the_shipped_bundles_are_read_off_their_bytes() -> None:
    for path in sorted((ROOT / "src/countenance/models").glob("*/model.onnx")):
        facts, model = read_facts(path), onnx.load(str(path))
        assert facts.nodes >= len(model.graph.node)
        assert facts.parameters >= sum(int(np.prod(t.dims)) for t in model.graph.initializer)
        assert 0 < facts.largest <= facts.parameters


# --- shapes


@pytest.mark.parametrize(
    ("face", "output", "said"),
    [
        ({"size": 64}, OUTPUT, "has the shape n x 3 x 32 x 32, and we feed 1 x 3 x 64 x 64"),
        ({"size": 32, "layout": "nhwc"}, OUTPUT, "and we feed 1 x 32 x 32 x 3"),
        ({"size": 32, "colour": "grey"}, OUTPUT, "and we feed 1 x 1 x 32 x 32"),
        ({"size": 32, "input": "pixels"}, OUTPUT, "it takes pixel_values, and the card feeds pixels"),
        ({"size": 32}, {**OUTPUT, "labels": (*FER, "other")}, "has the shape 1 x 7, and the card needs 1 x 8"),
        ({"size": 32}, {**OUTPUT, "name": "scores"}, "no output 'scores' among logits"),
    ],
)
def test_a_card_that_does_not_fit_its_net_is_refused(
    folder: Path, face: dict[str, Any], output: dict[str, Any], said: str
) -> None:
    assert said in refused(write_card(folder, face=face, output=output))


def test_a_net_that_answers_no_numbers_is_refused(folder: Path) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "head"], ["dead"]),
        helper.make_node("Div", ["dead", "dead"], ["logits"]),
    ]
    shapes = [value("pixel_values", ["n", 3, 32, 32])], [value("logits", ["n", 7])]
    graph_file(folder / "model.onnx", nodes, *shapes, head=np.zeros((3, 7), np.float32))
    assert "not finite" in refused(carded(folder))


def test_a_net_with_operators_that_nobody_knows_is_refused(folder: Path) -> None:
    node = helper.make_node("Telepathy", ["pixel_values"], ["logits"], domain="com.example")
    graph_file(folder / "model.onnx", [node], [value("pixel_values", ["n", 3, 32, 32])], [value("logits", ["n", 7])])
    assert "not a network that can run" in refused(carded(folder))


def test_a_tokenizer_of_a_larger_vocabulary_than_the_net_is_refused(tmp_path: Path) -> None:
    text_net(tmp_path / "model.onnx", 7, vocabulary=3)
    tokenizer_file(tmp_path / "tokenizer.json")
    assert "it fails on what the card feeds it" in refused(write_card(tmp_path, text={}, output=OUTPUT))


def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path) -> None:
    text_net(tmp_path / "model.onnx", 7)
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"}')
    assert "it cannot be tried" in refused(write_card(tmp_path, text={}, output=OUTPUT))


# --- what it may use


def test_a_net_that_unfolds_into_more_memory_than_it_may_have_is_refused(folder: Path) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values"], ["one"], keepdims=0),
        helper.make_node("Expand", ["one", "vast"], ["filled"]),
        helper.make_node("ReduceMean", ["filled"], ["detour"], keepdims=0),
    ]
    bomb(folder, *nodes, vast=np.array([1 << 20, 1 << 14], np.int64))
    found = refused(carded(folder))
    assert "fails on what the card feeds it" in found or "needed more than" in found or "more than" in found


def test_a_net_that_never_ends_is_stopped(folder: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [value("i", [], onnx.TensorProto.INT64), value("go", [], onnx.TensorProto.BOOL), value("x", [])],
        [value("on", [], onnx.TensorProto.BOOL), value("y", [])],
    )
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values"], ["start"], keepdims=0),
        helper.make_node("Loop", ["times", "yes", "start"], ["detour"], body=body),
    ]
    arrays = {"times": np.array(1 << 60, np.int64), "yes": np.array(True)}
    bomb(folder, *nodes, **arrays)
    assert "signal" in refused(carded(folder), Caps(cpu_s=5, wall_s=100))


def test_a_trial_that_takes_too_long_is_stopped(folder: Path) -> None:
    assert "took more than 0.01 s" in refused(folder, Caps(wall_s=0.01))


REACH = """
import socket, sys
from countenance.inference.trial import leave_the_network
left = leave_the_network()
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2).close()
    print(left, "reached")
except OSError:
    print(left, "cut off")
"""


def test_a_trial_that_says_it_is_offline_reaches_not_even_this_machine(folder: Path) -> None:
    if not tried(folder).offline:
        pytest.skip("this system lets no process leave the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run([sys.executable, "-c", REACH, port], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "cut", "off"]


# --- cards


def checked(folder: Path) -> None:
    adapter = read_adapter(folder)
    adapter.ledger.check(adapter.card)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"output": {**OUTPUT, "emotions": {"angry": "angre"}}}, "Did you mean anger"),
        ({"output": {**OUTPUT, "emotions": {"hangry": "anger"}}}, "Did you mean angry"),
        ({"output": {**OUTPUT, "labels": ("angry", "angry")}}, "two labels are the same"),
        ({"output": {"labels": FER}}, "no label has a place among ours"),
        ({"output": {**OUTPUT, "alone": {"sad": "anger"}}}, "cannot stand alone"),
        ({"output": {**OUTPUT, "emotion": {}}}, "Did you mean emotions"),
        ({"output": {**OUTPUT, "temperature": 0}}, "temperature"),
        ({"face": {"size": 32, "mean": [0.5, 0.5]}}, "mean has 2 values for 3 channels"),
        ({"face": {"size": 32, "std": [0.0]}}, "std"),
        ({"face": {"size": 4000}}, "size"),
        ({"voice": {"sample_rate": 8000}}, "cannot be fed"),
        ({"voice": {}}, "one of [face], [voice], [text], [finder] is needed; there are 2"),
        ({"id": "Foreign Net"}, "id"),
        ({"files": {"model.onnx": "abc"}}, "files"),
        ({"files": {"../model.onnx": "0" * 64}}, "files"),
        ({"files": {"other.onnx": "0" * 64}}, "does not name model.onnx"),
        ({"licence": {**LICENCE, "commercial": True}}, "needs a reason"),
        ({"licence": {**LICENCE, "ledger": ["afectnet"]}}, "afectnet"),
        ({"id": "ravdess"}, "is a row of the licence ledger"),
    ],
)
def test_a_faulty_card_names_its_fault(folder: Path, parts: dict[str, Any], said: str) -> None:
    write_card(folder, **{"face": {"size": 32}, "output": OUTPUT, **parts})
    with pytest.raises((UsageError, BundleError)) as caught:
        checked(folder)
    assert said in str(caught.value)


def test_a_card_without_end_is_not_read(folder: Path) -> None:
    with (folder / "adapter.toml").open("a", encoding="utf-8") as file:
        file.write("# " + "x" * 200_000)
    with pytest.raises(BundleError, match="larger than"):
        read_adapter(folder)
