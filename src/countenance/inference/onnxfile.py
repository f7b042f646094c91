"""What an ONNX file holds, read off its bytes before any runtime opens it.

Only the nesting of messages is walked (field numbers of onnx.proto3), with a stack of our own, so neither a huge nor a
deeply nested file costs more than its size.
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from countenance.contracts.errors import BundleError

INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 11: "attribute"},
    "training": {1: "graph", 2: "graph"},
}
"""Which field of a message holds which other message."""
DIMS, EXTERNAL_DATA, DATA_LOCATION = 1, 13, 14
"""Fields of a tensor."""
AGAIN = "Export it again, with all weights inside the one file."

LARGEST = 1 << 40
"""Numbers in one tensor: no file of 2 GB holds more."""


class Field(NamedTuple):
    """One field of a message."""

    number: int
    value: int | None
    """Of a plain number; None when the field is a stretch of bytes."""
    start: int
    end: int
    """The bytes, half-open."""


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """Counts of a file."""

    nodes: int
    tensors: int
    parameters: int
    """Numbers that its tensors say they hold."""
    largest: int
    """The same of the largest tensor."""


def read_facts(path: Path) -> OnnxFacts:
    """Count nodes and tensors; weights outside the file, and a file that is no ONNX, are refused."""
    if path.stat().st_size == 0:
        raise BundleError(f"{path}: the file is empty", AGAIN)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _facts(data, path)
        except (ValueError, IndexError) as error:
            raise BundleError(f"{path}: not an ONNX file ({error})", AGAIN) from error


def _facts(data: mmap.mmap, path: Path) -> OnnxFacts:
    nodes, sizes, graphs = 0, [0], 0
    stack = [("model", 0, len(data))]
    while stack:
        kind, start, end = stack.pop()
        nodes += kind == "node"
        graphs += kind == "graph"
        if kind == "tensor":
            sizes.append(_size(data, start, end, path))
            continue
        stack.extend(
            (INSIDE[kind][field.number], field.start, field.end)
            for field in fields(data, start, end)
            if field.value is None and field.number in INSIDE[kind]
        )
    if not graphs:
        raise ValueError("it holds no graph")
    return OnnxFacts(nodes, len(sizes) - 1, sum(sizes), max(sizes))


def _size(data: mmap.mmap, start: int, end: int, path: Path) -> int:
    """How many numbers a tensor says it holds."""
    size = 1
    for field in fields(data, start, end):
        if field.number == EXTERNAL_DATA or (field.number == DATA_LOCATION and field.value):
            raise BundleError(f"{path}: its weights lie in another file (external data)", AGAIN)
        if field.number == DIMS:
            for dim in _packed(data, field.start, field.end) if field.value is None else (field.value,):
                size *= dim
                if size > LARGEST:
                    raise ValueError("a tensor of absurd size")
    return size


def _packed(data: mmap.mmap, start: int, end: int) -> Iterator[int]:
    while start < end:
        value, start = _varint(data, start, end)
        yield value


def fields(data: mmap.mmap, start: int, end: int) -> Iterator[Field]:
    """The fields of one message."""
    while start < end:
        tag, start = _varint(data, start, end)
        number, wire = tag >> 3, tag & 7
        value, first = None, start
        if wire == 0:
            value, start = _varint(data, start, end)
        elif wire == 2:
            length, first = _varint(data, start, end)
            start = first + length
        elif wire in (1, 5):
            value, start = 0, start + (8 if wire == 1 else 4)
        else:
            raise ValueError(f"wire type {wire} at byte {start}")
        if start > end or number == 0:
            raise ValueError(f"a field runs past its message at byte {start}")
        yield Field(number, value, first, start)


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError(f"a number has no end at byte {at}")
