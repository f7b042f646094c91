"""The MMSA repack of CMU-MOSEI: pickles, which run code on load and are therefore read on an explicit word only.

Layout: `MOSEI/Processed/{aligned,unaligned}_50.pkl`, a dictionary of `train`, `valid`, `test`; each holds lists of
equal length, of which `raw_text`, `id` (`video$_$clip`) and `regression_labels` (sentiment, -3 to 3) are read.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import centred, number
from countenance.training.datasets.store import Reading, Row, Split, check_splits, unique

FILES = ("aligned_50.pkl", "unaligned_50.pkl")
SPLITS = {"train": Split.TRAIN, "valid": Split.DEV, "test": Split.TEST}
_FIELDS = ("id", "raw_text", "regression_labels")
_AGAIN = "Use the .csd files of CMU-MOSEI instead."
_ARRAYS = {"_reconstruct", "_frombuffer", "scalar", "ndarray", "dtype"}
_NUMPY = {
    "numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric",
}  # fmt: skip

_BROKEN = (
    pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, KeyError, TypeError, ValueError,
)  # fmt: skip
"""What unpickling raises on a file that is cut short or not what it says."""


def repack_in(path: Path) -> Path | None:
    """The pickle of the repack, given itself, its folder or a folder above; None when there is none of MOSEI."""
    if path.suffix == ".pkl":
        return path if path.is_file() and _is_mosei(path) else None
    places = (path / "MOSEI" / "Processed", path / "Processed", path)
    found = (place / name for place in places for name in FILES)
    return next((file for file in found if file.is_file() and _is_mosei(file)), None)


def refusal(path: Path) -> DatasetError:
    """Why a pickle is not opened."""
    return DatasetError(
        f"{path} is a pickle, and a pickle runs code on load",
        "Use the .csd files of CMU-MOSEI; or, if you know where this file comes from, add --trust-pickle.",
    )


def read_pickle(path: Path, trust: bool) -> Reading:
    """Read the repack if `trust` says so; even then nothing is called but what rebuilds numpy arrays."""
    if not trust:
        raise refusal(path)
    with path.open("rb") as file:
        parts = _load(file, path)
    rows = []
    for name, split in SPLITS.items():
        part = parts.get(name)
        if not isinstance(part, Mapping) or not all(field in part for field in _FIELDS):
            raise DatasetError(f"{path}: {name} does not hold {', '.join(_FIELDS)}", _AGAIN)
        columns = [list(part[field]) for field in _FIELDS]
        if len({len(column) for column in columns}) != 1:
            raise DatasetError(f"{path}: {name} has columns of different length", _AGAIN)
        rows += [_row(path, split, place, *fields) for place, fields in enumerate(zip(*columns, strict=True))]
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), notes=("read from a trusted pickle: sentiment and text only, no emotions, no times",))


def _is_mosei(path: Path) -> bool:
    # The same file names exist for CMU-MOSI and SIMS.
    return any("mosei" in part.lower() for part in path.absolute().parts[-4:])


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module in _NUMPY and name in _ARRAYS) or (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it calls {module}.{name}")


def _load(file: BinaryIO, path: Path) -> Mapping[str, object]:
    try:
        parts = _ArraysOnly(file).load()
    except _BROKEN as error:
        problem = f"{path} is not the repack of MMSA, which holds arrays and lists alone: {error}"
        raise DatasetError(problem, "Do not open it elsewhere. " + _AGAIN) from error
    if not isinstance(parts, Mapping):
        raise DatasetError(f"{path} holds no {', '.join(SPLITS)}", _AGAIN)
    return parts


def _row(path: Path, split: Split, place: int, name: object, text: object, sentiment: object) -> Row:
    uid = str(name)
    video, mark, clip = uid.rpartition("$_$")
    if not mark:
        raise DatasetError(f"{path}: '{uid}' is no video$_$clip", _AGAIN)
    return Row(
        uid=f"{video}/{clip}",
        dataset="mosei",
        split=split,
        source=f"{path.name} {split} {place}",
        dimensions={"valence": centred(number(str(sentiment), path, place), -3, 3)},
        group_id=video,
        text=str(text),
    )
