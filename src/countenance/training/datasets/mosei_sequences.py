"""The `.csd` files of CMU-MOSEI: HDF5 with features and their intervals in seconds per video."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.contracts.errors import DatasetError

_AGAIN = "Fetch the file again."


@dataclass(frozen=True, slots=True)
class Sequence:
    """One open file; its video ids are text even where they look like numbers."""

    path: Path
    videos: Mapping[str, Any]

    def arrays(self, video: str) -> tuple[np.ndarray, np.ndarray]:
        """Features, n x anything, and intervals, n x 2 in seconds."""
        found = self.videos[video]
        if "features" not in found or "intervals" not in found:
            raise DatasetError(f"{self.path}, video {video}: no features or no intervals", _AGAIN)
        features, intervals = np.asarray(found["features"]), np.asarray(found["intervals"], dtype=np.float64)
        if intervals.shape != (len(features), 2):
            problem = f"{self.path}, video {video}: {len(features)} features, intervals of shape {intervals.shape}"
            raise DatasetError(problem, _AGAIN)
        return features, intervals


@contextmanager
def open_sequence(path: Path) -> Iterator[Sequence]:
    """Open a file for reading; the sequence in it may have any name."""
    try:
        import h5py
    except ImportError as error:
        problem = f"{path} is HDF5, and h5py is not installed"
        raise DatasetError(problem, "Install it: pip install 'countenance[train]'.") from error
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read as HDF5 ({error})", _AGAIN) from error
    with file:
        named = [group for group in file.values() if "data" in group]
        if len(named) != 1:
            raise DatasetError(f"{path} holds {len(named)} sequences with data, not one", _AGAIN)
        yield Sequence(path, named[0]["data"])
