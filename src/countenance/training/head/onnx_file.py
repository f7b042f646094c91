"""A linear head as an ONNX file, written byte by byte: one Gemm needs no converter, so no package is asked for.

The layout is that of onnx.proto3 (ONNX 1.x, Apache-2.0): a message is a row of fields, each a key (number and wire
type) and a value. Field numbers stand beside their names below.
"""

from pathlib import Path

from countenance.training.head.logistic import Floats, Linear

IR_VERSION, OPSET = 8, 13
_FLOAT = 1


def write_linear(linear: Linear, path: Path, features: str = "features", scores: str = "scores") -> None:
    """Write `scores = features @ weights + offset` for any number of rows."""
    width, labels = linear.weights.shape
    node = _text(1, features) + _text(1, "weights") + _text(1, "offset")
    node += _text(2, scores) + _text(3, "head") + _text(4, "Gemm")
    graph = _part(1, node) + _text(2, "head")
    graph += _part(5, _tensor("weights", linear.weights)) + _part(5, _tensor("offset", linear.offset))
    graph += _part(11, _value(features, width)) + _part(12, _value(scores, labels))
    model = _number(1, IR_VERSION) + _text(2, "countenance")
    model += _part(7, graph) + _part(8, _number(2, OPSET))  # graph, opset_import.version
    path.write_bytes(model)


def _tensor(name: str, values: Floats) -> bytes:
    """A TensorProto: dims 1, data_type 2, name 8, raw_data 9."""
    dims = b"".join(_number(1, size) for size in values.shape)
    return dims + _number(2, _FLOAT) + _text(8, name) + _part(9, values.astype("<f4").tobytes())


def _value(name: str, width: int) -> bytes:
    """A ValueInfoProto of n x width floats: name 1, type 2 > tensor_type 1 > elem_type 1, shape 2 > dim 1."""
    shape = _part(1, _text(2, "n")) + _part(1, _number(1, width))  # dim_param 2, dim_value 1
    return _text(1, name) + _part(2, _part(1, _number(1, _FLOAT) + _part(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits at a time, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
