"""The header of a safetensors file: names, types and shapes of its tensors, checked against its size.

The format is documented by its authors: eight bytes of length, a JSON header, then the bytes of the tensors without
holes. It runs nothing; it is no network either, so it is inspected here and converted by the training extra.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.contracts.errors import BundleError

WIDTHS = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "F8_E5M2": 1, "F8_E4M3": 1, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""Bytes per number."""
LARGEST_HEADER = 100_000_000
DISTRUST = "The file is damaged or was made to look like one; get it again from a source you trust."


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the file."""

    kind: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; raises when its header and its bytes do not agree."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            raise BundleError(f"{path}: not a safetensors file (its header would be {length} bytes)", DISTRUST)
        try:
            header = json.loads(file.read(length))
            spans = sorted(_span(name, said) for name, said in header.items() if name != "__metadata__")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleError(f"{path}: its header is not in order ({error})", DISTRUST) from error
    _check_holes(path, spans, size - 8 - length)
    return {name: Tensor(header[name]["dtype"], tuple(header[name]["shape"])) for _, _, name in spans}


def _span(name: str, said: dict[str, Any]) -> tuple[int, int, str]:
    start, end = said["data_offsets"]
    shape = said["shape"]
    if not all(type(number) is int and number >= 0 for number in (start, end, *shape)):
        raise ValueError(f"{name}: offsets and lengths must be whole numbers")
    if end - start != math.prod(shape) * WIDTHS[said["dtype"]]:
        raise ValueError(f"{name}: {end - start} bytes for a tensor of the shape {shape}")
    return start, end, name


def _check_holes(path: Path, spans: list[tuple[int, int, str]], size: int) -> None:
    at = 0
    for start, end, name in spans:
        if start != at:
            raise BundleError(f"{path}: the tensor {name} begins at byte {start}, not at {at}", DISTRUST)
        at = end
    if at != size:
        raise BundleError(f"{path}: its tensors take {at} bytes, and it has {size}", DISTRUST)
