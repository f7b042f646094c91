"""A training run on disk: what was asked, how it went, where it stands; an interrupted run goes on from there.

Layout of the folder: `recipe.json` (what was asked), `curves.jsonl` and `curves.svg` (how it went), `record.json`
(machine, versions, data, seconds and results per stage), `<name>.pt` (checkpoints; tensors and plain values only).
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from countenance import __version__
from countenance.contracts.errors import UsageError
from countenance.training.curves import draw
from countenance.training.recipe import Recipe

PACKAGES = ("torch", "onnx", "onnxruntime", "numpy", "scikit-learn", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Run:
    """One folder, one recipe."""

    folder: Path
    recipe: Recipe

    @classmethod
    def open(cls, folder: Path, recipe: Recipe) -> Run:
        """Begin a run, or go on with one of the same recipe; another recipe needs another folder."""
        asked = recipe.model_dump(mode="json")
        path = folder / "recipe.json"
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            other = sorted(key for key in asked.keys() | before.keys() if asked.get(key) != before.get(key))
            if other:
                problem = f"{folder} holds a run of another recipe: {', '.join(other)} differ"
                raise UsageError(problem, "Give another --run folder, or the recipe that it was begun with.")
        folder.mkdir(parents=True, exist_ok=True)
        _replace(path, json.dumps(asked, indent=1) + "\n")
        return cls(folder, recipe)

    def log(self, stage: str, step: int, **values: float) -> None:
        """Add one point to the curves of a stage; a step that was logged before an interruption is replaced."""
        kept = [row for row in self.curves() if not (row["stage"] == stage and row["step"] >= step)]
        rows = [*kept, {"stage": stage, "step": step, **values}]
        _replace(self.folder / "curves.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        _replace(self.folder / "curves.svg", draw(rows))

    def curves(self) -> list[dict[str, Any]]:
        """Every logged point, in order."""
        path = self.folder / "curves.jsonl"
        if not path.is_file():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def save(self, name: str, state: Mapping[str, Any]) -> None:
        """Write a checkpoint whole or not at all."""
        import torch

        draft = self.folder / f".{name}.pt.draft"
        torch.save(dict(state), draft)
        draft.replace(self.folder / f"{name}.pt")

    def load(self, name: str) -> dict[str, Any] | None:
        """Read a checkpoint, or None when there is none; only tensors and plain values are ever read."""
        import torch

        path = self.folder / f"{name}.pt"
        if not path.is_file():
            return None
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        return state

    @contextmanager
    def stage(self, name: str, **facts: object) -> Iterator[dict[str, Any]]:
        """Time a stage and record its facts; what the caller puts into the mapping it is given is its result."""
        started, began, cpu = datetime.now(UTC), time.perf_counter(), time.process_time()
        result: dict[str, Any] = {}
        yield result
        done = {
            "began": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - began, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
            **facts,
            "result": result,
        }
        record = self.record()
        record["stages"][name] = done
        _replace(self.folder / "record.json", json.dumps({**_machine(), **record}, indent=1, default=str) + "\n")

    def result(self, stage: str) -> dict[str, Any] | None:
        """What a finished stage put down, or None while it is unfinished."""
        done = self.record()["stages"].get(stage)
        return None if done is None else done["result"]

    def record(self) -> dict[str, Any]:
        """The record as far as the run has come."""
        path = self.folder / "record.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"stages": {}}


def _machine() -> dict[str, Any]:
    """What the run stood on; a later stage on another machine overwrites it with its own."""
    return {
        "countenance": __version__,
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
