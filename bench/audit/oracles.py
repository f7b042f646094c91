"""Other people's verifiers, where they are installed: pymerkle (GPL) and sigstore, for comparing and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

Agrees = Callable[[Sequence[bytes], int, int, Sequence[bytes], bytes], bool]


@dataclass(frozen=True, slots=True)
class Oracle:
    """A verifier that is not ours."""

    name: str
    agrees: Agrees
    """Given entries, the index of one, an older size, our path and our root: its own say the same; raises if not."""


@cache
def oracles() -> tuple[Oracle, ...]:
    """Those that can be imported here."""
    found = []
    for name, make in (("pymerkle", _pymerkle), ("sigstore", _sigstore)):
        try:
            found.append(Oracle(name, make()))
        except ModuleNotFoundError:
            continue
    return tuple(found)


def _pymerkle() -> Agrees:
    pymerkle: Any = import_module("pymerkle")

    def agrees(entries: Sequence[bytes], index: int, old: int, path: Sequence[bytes], root: bytes) -> bool:
        tree, size = pymerkle.InmemoryTree(algorithm="sha256"), len(entries)
        for entry in entries:
            tree.append_entry(entry)
        included, continued = tree.prove_inclusion(index + 1, size), tree.prove_consistency(old, size)
        pymerkle.verify_inclusion(tree.get_leaf(index + 1), root, included)
        pymerkle.verify_consistency(tree.get_state(old), root, continued)
        return bool(tree.get_state() == root) and set(path) <= set(included.path)

    return agrees


def _sigstore() -> Agrees:
    verify: Any = import_module("sigstore._internal.merkle").verify_merkle_inclusion

    def agrees(entries: Sequence[bytes], index: int, old: int, path: Sequence[bytes], root: bytes) -> bool:  # noqa: ARG001
        proof = SimpleNamespace(log_index=index, tree_size=len(entries), hashes=list(path), root_hash=root)
        verify(SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=entries[index])))
        return True

    return agrees
