"""Model files that mean harm, each made in a folder with a sound card: weights elsewhere, pickles, bombs, lies."""

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tests.encoders.foreign import FER, FER_PLACES, face_net, graph_file, helper, onnx, value, write_card

Make = Callable[[Path], object]
Nodes = tuple[object, ...]

SIZE = 32
SHAPES = [value("pixel_values", ["n", 3, SIZE, SIZE])], [value("logits", ["n", 7])]
SECRET = b"what another program keeps\n" * 400
FLOAT, INT64, BOOL = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.BOOL


def carded(folder: Path) -> Path:
    """A card that names all that is there, with its right hashes."""
    return write_card(folder, face={"size": SIZE}, output={"labels": FER, "emotions": FER_PLACES})


# --- weights in another file


def elsewhere(location: str = "weights.txt") -> Any:  # noqa: ANN401
    """A tensor whose numbers lie in another file."""
    tensor = onnx.TensorProto(name="head", data_type=FLOAT, dims=[3, 7], data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def outside(folder: Path, location: str = "weights.txt", place: Make = lambda _: None) -> None:
    place(folder)
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "head"], ["logits"]),
    ]
    save(folder, helper.make_graph(nodes, "g", *SHAPES, [elsewhere(location)]))


def save(folder: Path, graph: object, **more: object) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, **more)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def linked(folder: Path, link: Callable[[Path, Path], None]) -> None:
    """Another program's file under a name of ours."""
    secret = folder.parent / "secret"
    secret.write_bytes(SECRET)
    link(secret, folder / "weights.txt")


def inner(depth: int, tensor: object) -> object:
    """A graph that holds the tensor, so many branches down."""
    if not depth:
        constant = helper.make_node("Constant", [], ["c"], value=tensor)
        return helper.make_graph([constant], "deepest", [], [value("c", [3, 7])])
    branch = inner(depth - 1, tensor)
    node = helper.make_node("If", ["yes"], ["c"], then_branch=branch, else_branch=branch)
    return helper.make_graph([node], f"level{depth}", [], [value("c", [3, 7])])


def in_branches(folder: Path, depth: int) -> None:
    node = helper.make_node(
        "If", ["yes"], ["logits"], then_branch=inner(depth, elsewhere()), else_branch=inner(0, one())
    )
    save(folder, helper.make_graph([node], "g", *SHAPES, [onnx.numpy_helper.from_array(np.array(True), "yes")]))


def one() -> object:
    return onnx.numpy_helper.from_array(np.ones((3, 7), np.float32), "one")


def in_list(folder: Path) -> None:
    """In an attribute that is a list of tensors."""
    node = helper.make_node("Identity", ["pixel_values"], ["logits"])
    node.attribute.append(onnx.AttributeProto(name="more", type=onnx.AttributeProto.TENSORS, tensors=[elsewhere()]))
    save(folder, helper.make_graph([node], "g", *SHAPES))


def in_function(folder: Path) -> None:
    constant = helper.make_node("Constant", [], ["y"], value=elsewhere())
    made = helper.make_function("here", "Mine", ["x"], ["y"], [constant], [helper.make_opsetid("", 17)])
    node = helper.make_node("Mine", ["pixel_values"], ["logits"], domain="here")
    save(folder, helper.make_graph([node], "g", *SHAPES), functions=[made])


def sparse(folder: Path) -> None:
    graph = helper.make_graph([helper.make_node("Identity", ["pixel_values"], ["logits"])], "g", *SHAPES)
    graph.sparse_initializer.add(dims=[3, 7]).values.CopyFrom(elsewhere())
    save(folder, graph)


def in_training(folder: Path) -> None:
    graph = helper.make_graph([helper.make_node("Identity", ["pixel_values"], ["logits"])], "g", *SHAPES)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    model.training_info.add().initialization.initializer.append(elsewhere())
    (folder / "model.onnx").write_bytes(model.SerializeToString())


# --- files that run what they hold, or are of another kind


class Harm:
    """What a pickle does when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harm-was-done",)


def bytes_of(content: bytes, name: str = "model.onnx") -> Make:
    return lambda folder: (folder / name).write_bytes(content)


def zipped(member: str, content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(member, content)
    return held.getvalue()


def objects() -> bytes:
    held = io.BytesIO()
    np.save(held, np.array([Harm()], dtype=object), allow_pickle=True)
    return held.getvalue()


def header(said: object, data: bytes = b"") -> bytes:
    """A safetensors file that says this of itself."""
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(**said: object) -> Mapping[str, object]:
    return {"t": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **said}}


# --- nets that take more than they may


def bomb(folder: Path, *nodes: object, **arrays: Any) -> None:  # noqa: ANN401
    """A net whose answer has the right shape, after a detour."""
    last = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Add", ["flat", "detour"], ["sum"]),
        helper.make_node("MatMul", ["sum", "head"], ["logits"]),
    ]
    graph_file(folder / "model.onnx", [*nodes, *last], *SHAPES, head=np.zeros((3, 7), np.float32), **arrays)


def vast(folder: Path, *steps: object, **arrays: Any) -> None:  # noqa: ANN401
    """From one number to a vast tensor, and its mean."""
    first = helper.make_node("ReduceMean", ["pixel_values"], ["one"], keepdims=0)
    bomb(folder, first, *steps, helper.make_node("ReduceMean", ["vast"], ["detour"], keepdims=0), **arrays)


def numbers(*of: int) -> Any:  # noqa: ANN401
    return np.array(of, np.int64)


def square(folder: Path) -> None:
    steps = [
        helper.make_node("Reshape", ["one", "as_row"], ["row"]),
        helper.make_node("Expand", ["row", "long"], ["line"]),
        helper.make_node("Transpose", ["line"], ["column"], perm=[1, 0]),
        helper.make_node("MatMul", ["column", "line"], ["vast"]),
    ]
    vast(folder, *steps, as_row=numbers(1, 1), long=numbers(1, 200_000))


def doubling(folder: Path) -> None:
    """Each step twice the one before: forty lines, a million million numbers."""
    steps = [helper.make_node("Reshape", ["one", "as_list"], ["d0"])]
    steps += [helper.make_node("Concat", [f"d{n}", f"d{n}"], [f"d{n + 1}"], axis=0) for n in range(40)]
    vast(folder, *steps, helper.make_node("Identity", ["d40"], ["vast"]), as_list=numbers(1))


def sized(dims: tuple[int, ...], **more: object) -> Make:
    """A tensor that says it is so large."""

    def make(folder: Path) -> None:
        huge = onnx.TensorProto(name="t", data_type=FLOAT, dims=dims, **more)
        save(folder, helper.make_graph([], "huge", *SHAPES, [huge]))

    return make


def node(kind: str, given: list[str], **attributes: object) -> Any:  # noqa: ANN401
    return helper.make_node(kind, given, ["vast"], **attributes)


def itself(folder: Path) -> None:
    """Two steps that wait for each other."""
    nodes = [helper.make_node("Identity", ["b"], ["a"]), helper.make_node("Identity", ["a"], ["b"])]
    save(folder, helper.make_graph([*nodes, helper.make_node("Identity", ["b"], ["logits"])], "g", *SHAPES))


def unknown(domain: str, version: int) -> Make:
    def make(folder: Path) -> None:
        step = helper.make_node("Telepathy", ["pixel_values"], ["logits"], domain=domain)
        model = helper.make_model(
            helper.make_graph([step], "g", *SHAPES), opset_imports=[helper.make_opsetid(domain, version)], ir_version=9
        )
        (folder / "model.onnx").write_bytes(model.SerializeToString())

    return make


def cut(share: float) -> Make:
    """A sound net of which the end is missing."""

    def make(folder: Path) -> None:
        whole = face_net(folder / "model.onnx", SIZE, len(FER)).read_bytes()
        (folder / "model.onnx").write_bytes(whole[: int(len(whole) * share)])

    return make


HOSTILE: Mapping[str, Make] = {
    "weights beside it": partial(outside, place=bytes_of(SECRET, "weights.txt")),
    "weights through a hard link": partial(outside, place=partial(linked, link=os.link)),
    "weights through a symbolic link": partial(outside, place=partial(linked, link=os.symlink)),
    "weights above the folder": partial(outside, location="../secret"),
    "weights anywhere": partial(outside, location="/etc/passwd"),
    "weights out of a process": partial(outside, location="/proc/self/environ"),
    "weights without end": partial(outside, location="/dev/zero"),
    "weights in a branch": partial(in_branches, depth=0),
    "weights three branches down": partial(in_branches, depth=3),
    "weights ten branches down": partial(in_branches, depth=10),
    "weights in a list": in_list,
    "weights in a function": in_function,
    "weights of a sparse tensor": sparse,
    "weights for training": in_training,
    **{f"pickle {n}": bytes_of(pickle.dumps(Harm(), n)) for n in range(1, pickle.HIGHEST_PROTOCOL + 1)},
    "pickle in words": bytes_of(pickle.dumps(Harm(), 0)),
    "pickle as safetensors": bytes_of(pickle.dumps(Harm()), "weights.safetensors"),
    "pickle as a tokenizer": bytes_of(pickle.dumps(Harm()), "tokenizer.json"),
    "PyTorch": bytes_of(zipped("archive/data.pkl", pickle.dumps(Harm()))),
    "PyTorch as safetensors": bytes_of(zipped("archive/data.pkl", pickle.dumps(Harm())), "weights.safetensors"),
    "Keras": bytes_of(zipped("config.json", b'{"class_name": "Lambda"}'), "weights.safetensors"),
    "HDF5": bytes_of(b"\x89HDF\r\n\x1a\n" + bytes(64), "weights.safetensors"),
    "objects of numpy": bytes_of(objects()),
    "joblib": bytes_of(zlib.compress(pickle.dumps(Harm()))),
    "a program": bytes_of(b"\x7fELF\x02\x01\x01" + bytes(64)),
    "a script": bytes_of(b"#!/bin/sh\ntouch harm-was-done\n"),
    "nothing": bytes_of(b""),
    "a length without end": bytes_of(b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    "nested without end": bytes_of(b"\x3a\x80\x80\x80\x80\x10" * 10_000),
    "cut in the middle": cut(0.5),
    "cut at the end": cut(0.99),
    "huge": sized((1 << 20, 1 << 30)),
    "so huge that the number runs over": sized((1 << 32, 1 << 32, 1 << 32)),
    "less than nothing": sized((-1, 7), raw_data=bytes(28)),
    "more than it holds": sized((1 << 20, 7), raw_data=bytes(28)),
    "expanded": lambda folder: vast(folder, node("Expand", ["one", "to"]), to=numbers(1 << 20, 1 << 14)),
    "tiled": lambda folder: vast(folder, node("Tile", ["pixel_values", "by"]), by=numbers(1, 1 << 10, 1 << 10, 1 << 6)),
    "filled": lambda folder: vast(folder, node("ConstantOfShape", ["to"]), to=numbers(1 << 20, 1 << 14)),
    "padded": lambda folder: vast(
        folder, node("Pad", ["pixel_values", "by"]), by=numbers(0, 0, 0, 0, 0, 0, 1 << 17, 1 << 17)
    ),
    "multiplied": square,
    "doubled": doubling,
    "waits for itself": itself,
    "operators that nobody knows": unknown("com.example", 1),
    "operators of the future": unknown("", 9_999),
}
"""What each is, and how it is made beside a sound card."""

HEADERS: Mapping[str, bytes] = {
    "header longer than the file": struct.pack("<Q", 1 << 62) + b"{}",
    "header that is none": header(b"\xff" * 40),
    "header without end": header(b"[" * 200_000),
    "offsets beyond the file": header(tensor(data_offsets=[0, 1 << 40], shape=[1 << 38])),
    "offsets below zero": header(tensor(data_offsets=[-8, 0]), bytes(8)),
    "a shape that lies": header(tensor(shape=[1 << 20, 1 << 20]), bytes(8)),
    "a type that nobody knows": header(tensor(dtype="OBJECT"), bytes(8)),
    "a hole for something else": header(tensor(data_offsets=[8, 16]), bytes(16)),
}
"""Files of safetensors whose header lies."""
