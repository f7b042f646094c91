"""Writing a bundle: network, calibration and card, with the hash of every file in the card."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from countenance.contracts.errors import BundleError
from countenance.inference.bundle import Bundle, sha256
from countenance.inference.ledger import LEDGER
from countenance.inference.tomltext import to_toml

__all__ = ("to_toml", "write_bundle")


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
