"""Weights from outside are tried in a capped process before this one loads them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.contracts.errors import BundleError
from countenance.inference.adaptercard import WEIGHTS

LARGEST_FILE = 2 << 30
"""Bytes; an ONNX file cannot be larger."""
DISTRUST = "Do not load it elsewhere before you know why."


@dataclass(frozen=True, slots=True)
class Caps:
    """What the process may use."""

    memory: int = 3 << 30
    """Bytes of address space, beside what the weights take."""
    per_byte: int = 6
    """Bytes of address space per byte of weights: the file, the tensors, and copies while they are optimised."""
    cpu_s: int = 60
    wall_s: float = 120


CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying weights."""

    inputs: Mapping[str, list[int | str | None]]
    outputs: Mapping[str, list[int | str | None]]
    nodes: int
    parameters: int
    offline: bool
    """Whether the process was cut off from the network; the caps on memory and time always hold."""


def tried(folder: Path, caps: Caps = CAPS) -> Trial:
    """Try a bundle or an adapter in a capped process; raises what is wrong with it."""
    weights = folder / WEIGHTS
    size = weights.stat().st_size if weights.is_file() else 0
    if size > LARGEST_FILE:
        raise BundleError(f"{weights}: {size} bytes, more than an ONNX file can have", DISTRUST)
    memory = caps.memory + caps.per_byte * size
    done = _run(folder, memory, caps)
    if done.returncode < 0:
        limit = f"{caps.cpu_s} s of processor time or {memory >> 20} MB of memory"
        raise BundleError(f"{folder}: trying it needed more than {limit} (signal {-done.returncode})", DISTRUST)
    if done.returncode > 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BundleError(f"{folder}: it cannot be tried ({last[:300]})", DISTRUST)
    answer: dict[str, Any] = json.loads(done.stdout)
    if "refused" in answer:
        raise BundleError(answer["refused"], answer["remedy"])
    return Trial(**answer)


def _run(folder: Path, memory: int, caps: Caps) -> "subprocess.CompletedProcess[str]":
    """The child sees our libraries, one thread, and nothing else of our environment."""
    words = ["-P", "-m", "countenance.inference.trial", str(folder.resolve()), str(memory), str(caps.cpu_s)]
    environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    try:
        return subprocess.run(
            [sys.executable, *words],
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=caps.wall_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{folder}: trying it took more than {caps.wall_s} s", DISTRUST) from error
