"""Writing a bundle: network, calibration and card, with the hash of every file in the card."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from countenance.contracts.errors import BundleError
from countenance.inference.bundle import Bundle, sha256
from countenance.inference.ledger import LEDGER


def write_bundle(
    folder: Path,
    onnx_path: Path,
    card: Mapping[str, Any],
    calibration: Mapping[str, Any],
    extra_files: Mapping[str, Path] | None = None,
) -> None:
    """Replace the bundle in `folder`, then load it as the product would.

    The card names the rows of the licence ledger that the weights stand on (`ledger` under `licence`).
    """
    if not card["licence"].get("ledger"):
        raise BundleError(f"{folder}: the card names no licence row", f"Give licence.ledger rows of {LEDGER}.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(onnx_path, folder / "model.onnx")
    (folder / "calibration.json").write_text(json.dumps(calibration, indent=1) + "\n", encoding="utf-8")
    for name, path in (extra_files or {}).items():
        shutil.copyfile(path, folder / name)
    hashes = {p.name: sha256(p) for p in sorted(folder.iterdir())}
    (folder / "card.toml").write_text(to_toml({**card, "files": hashes}), encoding="utf-8")
    Bundle.load(folder)


def to_toml(data: Mapping[str, Any]) -> str:
    """Plain TOML for cards: scalars, lists and flat tables inline, then tables, then arrays of tables."""
    lines = [f"{_key(k)} = {_value(v)}" for k, v in data.items() if not _is_table(v) and not _is_rows(v)]
    for name, table in data.items():
        if _is_table(table):
            lines += ["", f"[{_key(name)}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items())]
    for name, rows in data.items():
        if _is_rows(rows):
            for row in rows:
                lines += [
                    "",
                    f"[[{_key(name)}]]",
                    *(f"{_key(k)} = {_value(v)}" for k, v in row.items() if v is not None),
                ]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, bool | str | int | float):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"a card cannot hold {type(value).__name__}")
