"""R5: the verifiers in Python and JavaScript, and two of other people's, on random trees and on what was bent.

`python -m bench.audit.agreement [trees] [mutants] [logs]` prints one line. Node is needed; pymerkle (GPL) and
sigstore are asked where they are installed, and nowhere else in the project.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.audit.bending import Kind, bend, bend_hashes
from bench.audit.meddling import meddled, story, written
from bench.audit.oracles import oracles
from bench.audit.synthetic import KEY
from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.cosignature import cosign
from countenance.audit.merkle import check_consistency, check_inclusion, consistency, inclusion, leaf_hashes, root_of
from countenance.audit.note import COSIGNATURE, SigningKey
from countenance.audit.proof import Proof, parse_proof, verify_proof
from countenance.audit.quorum import Policy, parse_policy
from countenance.contracts.errors import AuditError

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "clients/verify/bin/countenance-verify.mjs"
LOG = SigningKey("log.example/agreement", b"l" * 32)
WITNESS = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE)
POLICY_TEXT = f"log {LOG.verifier}\nwitness w {WITNESS.verifier}\nquorum w\n"
BATCH = 250


def main(trees: int = 10_000, mutants: int = 100_000, logs: int = 2_000) -> None:
    """Compare and print."""
    began = time.perf_counter()
    seen = compare(trees, mutants)
    told_wrong = meddle(logs)
    print(
        f"{trees} random trees, {seen['proofs']} proofs made in Python: JavaScript agrees on "
        f"{seen['proofs'] - seen['refused']}, {seen['roots']} roots the same; {seen['asked']} mutants: rejected by "
        f"both {seen['both']}, by one alone {seen['apart']}, by none {seen['neither']}; {seen['harmless']} harmless "
        f"changes, the same answer on {seen['same']}; others: {told(seen)}; "
        f"{logs} signed logs that say something wrong: the same first bad entry, or none, named of "
        f"{told_wrong['agreed']}, {told_wrong['bad']} are bad; {time.perf_counter() - began:.0f} s"
    )


@dataclass(frozen=True, slots=True)
class Question:
    """One thing both are asked, and what Python says."""

    request: dict[str, Any]
    holds: bool
    kind: Kind
    """`whole`, `bent`, or `harmless`: bent where the format leaves it to the reader."""


def compare(trees: int, mutants: int, seed: int = 5) -> Counter[str]:
    """Ask both about random trees, and about what is made of their proofs."""
    random, seen = Random(seed), Counter[str]()
    others = oracles()
    per_tree = -(-mutants // trees) if trees else 0
    waiting: list[Question] = []
    with Other() as other:
        for _ in range(trees):
            tree = Tree.random(random)
            seen["roots"] += other.ask([tree.request()])[0].get("root") == b64(tree.root)
            for oracle in others:
                seen[oracle.name] += oracle.agrees(tree.entries, tree.index, tree.old, tree.path, tree.root)
            waiting += tree.whole()
            for _ in range(per_tree):
                if seen["asked"] < mutants:
                    waiting.append(mutant := tree.bent(random))
                    seen["asked"] += mutant.kind == "bent"
            if len(waiting) >= BATCH:
                settle(waiting, other, seen)
        settle(waiting, other, seen)
        while seen["asked"] < mutants:
            waiting.append(mutant := tree.bent(random))
            seen["asked"] += mutant.kind == "bent"
        settle(waiting, other, seen)
    return seen


def meddle(logs: int, seed: int = 9) -> Counter[str]:
    """Ask both about logs that are signed and say something wrong: do they name the same first bad entry."""
    random, seen = Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as held, Other() as other:
        for turn in range(logs):
            folder = Path(held) / str(turn)
            made = story()
            first = written(meddled(made, random) if turn else made, folder)
            request = {"op": "log", "folder": str(folder), "policy": str(KEY.verifier), "completeness": True}
            answer = other.ask([request])[0]
            seen["honest"] += not turn and first is None
            seen["bad"] += first is not None
            seen["agreed"] += first == (None if answer["ok"] else answer["index"])
            shutil.rmtree(folder)
    return seen


def settle(waiting: list[Question], other: "Other", seen: Counter[str]) -> None:
    """Ask JavaScript what Python has answered, and count."""
    for question, answer in zip(waiting, other.ask([one.request for one in waiting]), strict=True):
        agreed = answer["ok"] is question.holds
        if question.kind == "whole":
            seen["proofs"] += 1
            seen["refused"] += not (agreed and question.holds)
        elif question.kind == "harmless":
            seen["harmless"] += 1
            seen["same"] += agreed
        else:
            seen["both" if agreed and not question.holds else "neither" if agreed else "apart"] += 1
    waiting.clear()


def told(seen: Counter[str]) -> str:
    """What the others said."""
    return ", ".join(f"{one.name} agrees on {seen[one.name]} trees" for one in oracles()) or "none installed"


@dataclass(frozen=True, slots=True)
class Tree:
    """A random tree with one proof of each sort."""

    entries: tuple[bytes, ...]
    index: int
    old: int
    rows: tuple[bytes, ...]
    root: bytes
    note: bytes

    @classmethod
    def random(cls, random: Random) -> "Tree":
        """A tree of 1 to 700 leaves, the small ones often."""
        size = int(2 ** random.uniform(0, 9.45))
        entries = tuple(random.randbytes(random.randrange(40)) for _ in range(size))
        rows = tuple(leaf_hashes(entries))
        root = root_of(rows)
        note = sign_checkpoint(Checkpoint(LOG.name, size, root), LOG)
        note = note.joined([cosign(note.text, WITNESS, random.randrange(2**31))])
        return cls(entries, random.randrange(size), random.randrange(1, size + 1), rows, root, note.data)

    def request(self) -> dict[str, Any]:
        """Asks for the root."""
        return {"op": "root", "leaves": [b64(entry) for entry in self.entries]}

    def whole(self) -> Iterator[Question]:
        """Every proof, as it should be."""
        yield self._inclusion(self.path, self.rows[self.index], self.root, "whole")
        yield self._consistency(self._steps, self._old_root, self.root, "whole")
        yield checkpoint_question(self.note, "whole")
        yield self._proof(self._file, "whole")

    def bent(self, random: Random) -> Question:
        """One of the proofs with something changed."""
        match random.randrange(4):
            case 0:
                path, (leaf, root), kind = bend_hashes(self.path, (self.rows[self.index], self.root), random)
                return self._inclusion(path, leaf, root, kind)
            case 1:
                steps, (old, new), kind = bend_hashes(self._steps, (self._old_root, self.root), random)
                return self._consistency(steps, old, new, kind)
            case 2:
                return checkpoint_question(*bend(self.note, random))
            case _:
                return self._proof(*bend(self._file, random))

    @property
    def path(self) -> Sequence[bytes]:
        """The inclusion proof of the entry."""
        return inclusion(Rows(self.rows), self.index, len(self.rows))

    @property
    def _steps(self) -> Sequence[bytes]:
        return consistency(Rows(self.rows), self.old, len(self.rows))

    @property
    def _old_root(self) -> bytes:
        return root_of(self.rows[: self.old])

    @property
    def _file(self) -> bytes:
        return Proof(self.index, tuple(self.path), self.note).data

    def _inclusion(self, path: Sequence[bytes], leaf: bytes, root: bytes, kind: Kind) -> Question:
        size = len(self.rows)
        request = {"op": "inclusion", "leaf": b64(leaf), "index": self.index, "size": size, "root": b64(root)}
        holds = held(lambda: check_inclusion(leaf, self.index, size, path, root))
        return Question(request | {"path": [b64(one) for one in path]}, holds, kind)

    def _consistency(self, path: Sequence[bytes], old: bytes, new: bytes, kind: Kind) -> Question:
        size = len(self.rows)
        request = {"op": "consistency", "old": self.old, "size": size, "old_root": b64(old), "root": b64(new)}
        holds = held(lambda: check_consistency(self.old, size, old, new, path))
        return Question(request | {"path": [b64(one) for one in path]}, holds, kind)

    def _proof(self, data: bytes, kind: Kind) -> Question:
        entry = self.entries[self.index]
        request = {"op": "proof", "proof": b64(data), "entry": b64(entry), "policy": POLICY_TEXT}
        return Question(request, held(lambda: verify_proof(parse_proof(data), entry, TRUST)), kind)


class Rows:
    """Subtree hashes over leaf hashes in memory."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self._rows = rows

    def hash(self, level: int, index: int) -> bytes:
        """The root over leaves `index * 2**level` up to, not including, `(index + 1) * 2**level`."""
        return root_of(self._rows[index << level : (index + 1) << level])


def checkpoint_question(data: bytes, kind: Kind) -> Question:
    """Whether a checkpoint is signed and seen by the quorum."""
    request = {"op": "checkpoint", "checkpoint": b64(data), "policy": POLICY_TEXT}
    return Question(request, held(lambda: TRUST.open(data)), kind)


TRUST: Policy = parse_policy(POLICY_TEXT.encode())


class Other:
    """The verifier in JavaScript, asked line by line."""

    def __enter__(self) -> "Other":
        node = shutil.which("node")
        if node is None:
            raise SystemExit("Node is not installed: the second verifier cannot be asked")
        self._process = subprocess.Popen(
            [node, PROGRAM, "--serve-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers, in order."""
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            raise SystemExit("the second verifier has no pipes")
        answers = []
        for request in requests:
            to.write(json.dumps(request) + "\n")
            to.flush()
            answers.append(json.loads(back.readline()))
        return answers


def held(check: Callable[[], object]) -> bool:
    """Whether a check in Python ends without a fault."""
    try:
        check()
    except AuditError:
        return False
    return True


def b64(data: bytes) -> str:
    """Bytes as the protocol writes them."""
    return b64encode(data).decode()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
