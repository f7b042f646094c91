"""What readers of label files share: visible files, numbers that know where they stand, scales."""

from collections.abc import Iterable
from pathlib import Path

from countenance.contracts.errors import DatasetError


def visible(paths: Iterable[Path]) -> list[Path]:
    """The paths in order, without the `._*` and `.DS_Store` files that some systems leave behind."""
    return sorted(path for path in paths if not path.name.startswith("."))


def number(text: str, path: Path, line: int) -> float:
    """A number of a label file; DatasetError names the place of anything else."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise wrong(path, line, f"holds '{text}' where a number belongs")
    return value


def wrong(path: Path, line: int, problem: str) -> DatasetError:
    """The error for a line that is not in the layout of its corpus."""
    return DatasetError(f"{path}, line {line} {problem}", "Fetch the file again, or correct the line.")


def centred(value: float, low: float, high: float) -> float:
    """A rating on a scale of `low` to `high` brought to -1..1; beyond the scale it stays at its end."""
    middle = (low + high) / 2
    return max(-1.0, min(1.0, (value - middle) / (high - middle)))
