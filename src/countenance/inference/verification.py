"""Everything that can be said of weights before they are loaded here."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from countenance.contracts.errors import UsageError
from countenance.inference.adapter import is_adapter, read_adapter
from countenance.inference.bundle import read_card, sha256
from countenance.inference.capped import tried
from countenance.inference.ledger import Ledger, Profile
from countenance.inference.safetensor import read_header
from countenance.inference.screen import screen_file

Found = dict[str, Any]
"""Plain JSON values."""


def verify(path: Path) -> Found:
    """Check a bundle or an adapter in a capped process, or the header of a safetensors file."""
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise UsageError(f"{path}: no such file or folder", "Give a bundle, an adapter folder or a .safetensors file.")
    screen_file(path)
    if path.suffix != ".safetensors":
        raise UsageError(
            f"{path}: a single file is verified only when it is safetensors", "Give the folder with a card."
        )
    tensors = read_header(path)
    shapes = {name: [tensor.kind, *tensor.shape] for name, tensor in tensors.items()}
    return {"name": path.name, "kind": "safetensors", "tensors": shapes, "files": {path.name: sha256(path)}}


def _folder(path: Path) -> Found:
    adapter = read_adapter(path) if is_adapter(path) else None
    card = adapter.card if adapter else read_card(path)
    ledger = adapter.ledger if adapter else Ledger.around(path)
    ledger.check(card)
    trial = tried(path)
    return {
        "name": card.name,
        "kind": f"adapter for {adapter.spec.kind}" if adapter else "bundle",
        "summary": card.summary,
        "inputs": dict(trial.inputs),
        "outputs": dict(trial.outputs),
        "labels": {name: list(labels) for name, labels in card.outputs.items()},
        "nodes": trial.nodes,
        "parameters": trial.parameters,
        "offline": trial.offline,
        "licence": card.licence.weights,
        "data": card.licence.data,
        "rows": {row.id: [str(use) for use in row.allowed] for row in ledger.of(card)},
        "profiles": {profile.value: ledger.forbids(card, profile) or "loads" for profile in Profile},
        "files": dict(card.files),
    }


def lines(found: Found) -> Iterator[str]:
    """The same for people."""
    yield f"{found['name']}: {found['kind']}. {found.get('summary', '')}".rstrip()
    for part in ("inputs", "outputs", "tensors"):
        for name, shape in found.get(part, {}).items():
            yield f"    {part[:-1]} {name}: {' x '.join(str(length) for length in shape)}"
    for name, labels in found.get("labels", {}).items():
        yield f"    labels of {name}: {', '.join(labels) or 'none'}"
    if "nodes" in found:
        yield f"    {found['nodes']} nodes, {found['parameters']} numbers in tensors"
        yield f"    tried in a capped process{', cut off from the network' if found['offline'] else ''}"
        yield f"    licence of the weights: {found['licence']}; of the data: {found['data']}"
        yield from _terms(found["rows"], found["profiles"])
    for name, digest in sorted(found["files"].items()):
        yield f"    {digest}  {name}"


def _terms(rows: Mapping[str, list[str]], profiles: Mapping[str, str]) -> Iterator[str]:
    for name, uses in rows.items():
        yield f"    licence row {name} allows {', '.join(uses)}"
    for name, answer in profiles.items():
        yield f"    profile {name}: {answer}"
