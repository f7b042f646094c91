"""The standard folds of CMU-MOSEI: lists of video ids, which are always text."""

import ast
import json
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import visible
from countenance.training.datasets.plain_lines import text_of
from countenance.training.datasets.store import Split

_NAMED = {"train": Split.TRAIN, "valid": Split.DEV, "test": Split.TEST}
_ASK = "Use the standard folds of the toolkit, unchanged."


def find_folds(root: Path) -> Path | None:
    """The file with the folds beside the labels."""
    found = visible([*root.glob("*folds*.json"), *root.glob("*folds*.py")])
    return found[0] if found else None


def read_folds(path: Path) -> dict[str, Split]:
    """The split of every video that a fold names; a Python file is parsed and never run."""
    lists = _json_lists(path) if path.suffix == ".json" else _python_lists(path)
    found: dict[str, Split] = {}
    for name, videos in lists.items():
        split = next((split for part, split in _NAMED.items() if part in name.lower()), None)
        if split is None or not isinstance(videos, list):
            continue
        for video in videos:
            if not isinstance(video, str):
                problem = f"{path}: {name} names the video {video!r} as a number"
                raise DatasetError(problem, "Write ids in quotes: leading zeros and signs belong to them.")
            if found.setdefault(video, split) is not split:
                raise DatasetError(f"{path}: the video {video} stands in {found[video]} and in {split}", _ASK)
    if set(found.values()) != set(_NAMED.values()):
        raise DatasetError(f"{path} does not hold the folds {', '.join(_NAMED)}", _ASK)
    return found


def _python_lists(path: Path) -> dict[str, object]:
    try:
        tree = ast.parse(text_of(path))
        return {
            target.id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
    except (SyntaxError, ValueError) as error:
        raise DatasetError(f"{path} holds more than plain lists ({error})", _ASK) from error


def _json_lists(path: Path) -> dict[str, object]:
    try:
        lists = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path}, line {error.lineno}: not JSON ({error.msg})", _ASK) from error
    if not isinstance(lists, dict):
        raise DatasetError(f"{path} does not hold the folds {', '.join(_NAMED)}", _ASK)
    return lists
