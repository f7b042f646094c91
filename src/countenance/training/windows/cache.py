"""Windows on disk, so that a second training needs no media: one file per recording, named by what decided it.

The files hold numbers of consenting people. Whatever is not asked for any more is deleted at the next run: a stretch
whose consent is taken out of the table leaves no trace here.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from countenance.contracts.readings import Observation, Window

WINDOWS = TypeAdapter(list[Window], config=ConfigDict(arbitrary_types_allowed=True))
APART: Any = {"__all__": {"observations": {"__all__": {"embedding"}}}}
FORM = 1
"""Raised when a change of the code would read other windows from the same media."""


class WindowCache:
    """The windows of the recordings of one training."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> tuple[Window, ...] | None:
        """The windows kept under a key; None when there are none, or when the file is torn."""
        path = self._path(key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            bare = WINDOWS.validate_python(json.loads(str(arrays["windows"])))
            inner = {int(n): row for name in arrays if name.startswith("at_") for n, row in _rows(arrays, name)}
            return tuple(_filled(bare, inner))
        except (OSError, BadZipFile, ValueError, KeyError, EOFError, ValidationError):
            return None

    def put(self, key: str, windows: Sequence[Window]) -> None:
        """Keep windows, whole or not at all."""
        bare = json.dumps(WINDOWS.dump_python(list(windows), mode="json", exclude=APART))
        arrays: dict[str, Any] = {"windows": np.array(bare)}
        by_width: dict[int, list[tuple[int, NDArray[np.float32]]]] = {}
        for number, seen in enumerate(seen for window in windows for seen in window.observations):
            if seen.embedding is not None:
                by_width.setdefault(len(seen.embedding), []).append((number, seen.embedding))
        for width, found in by_width.items():
            arrays[f"at_{width}"] = np.array([number for number, _ in found])
            arrays[f"embedding_{width}"] = np.stack([row for _, row in found])
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path(key).with_suffix(".draft")
        with draft.open("wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path(key))

    def keep_only(self, keys: Iterable[str]) -> int:
        """Delete every other file; how many there were."""
        wanted = {self._path(key).name for key in keys}
        stale = [path for path in self._folder.glob("*.npz") if path.name not in wanted]
        for path in (*stale, *self._folder.glob("*.draft")):
            path.unlink()
        return len(stale)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npz"


def key_of(facts: Mapping[str, object]) -> str:
    """A name out of all that decides the windows of a recording."""
    told = json.dumps({"form": FORM, **facts}, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _rows(arrays: Mapping[str, NDArray[Any]], name: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
    return zip(arrays[name].tolist(), arrays[name.replace("at_", "embedding_")], strict=True)


def _filled(windows: Iterable[Window], inner: Mapping[int, NDArray[np.float32]]) -> Iterator[Window]:
    """The windows with the embeddings back at their observations."""
    number = -1
    for window in windows:
        seen: list[Observation] = []
        for observation in window.observations:
            number += 1
            seen.append(replace(observation, embedding=inner[number]) if number in inner else observation)
        yield replace(window, observations=tuple(seen))
