"""R4: an attacker with disk, database and signing key rewrites history, against one witness or one older receipt.

`python -m bench.audit.rewriting [scenarios]` prints one line of figures. The witness is another process on the
loopback. In each scenario a log grows honestly and is cosigned, or a participant keeps a receipt; then the attacker
rewrites what the witness saw or what the receipt covers, signs it, and tries all it can think of to get it accepted.
Whoever verifies with a witness demands its cosignature, and asks it whether this is the newest state.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.audit.synthetic import Export, entries
from countenance.audit import quorum
from countenance.audit.merkle import consistency, inclusion
from countenance.audit.note import Note, SigningKey, VerifierKey, parse_note
from countenance.audit.proof import Proof
from countenance.audit.quorum import Log, Policy
from countenance.audit.tiles import TileHashes
from countenance.audit.verify import Memory, verify
from countenance.audit.witness_http import cosigned
from countenance.contracts.errors import AuditError

SCENARIOS = 1_000
LARGEST = 400
REWRITES = ("replace", "delete", "insert", "swap", "rollback", "replace and grow")


def main(scenarios: int = SCENARIOS) -> None:
    """Attack and print what was noticed."""
    began = time.process_time()
    seen = attack(scenarios)
    accepted = sum(n for what, n in seen.items() if what.startswith("accepted"))
    by_witness = f"{seen['witness']} of {seen['against witness']} noticed with one witness in another process"
    print(
        f"{scenarios} histories rewritten and signed with the log's own key: {by_witness}, "
        f"which was asked {seen['tries']} times and cosigned {seen['cosigned']}; "
        f"{seen['receipt']} of {seen['against receipt']} with one older receipt; "
        f"{accepted} accepted; {time.process_time() - began:.0f} s of CPU"
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """A log that was honest so far, and the attacker's dice."""

    random: Random
    key: SigningKey
    leaves: Sequence[bytes]


def attack(scenarios: int) -> Counter[str]:
    """Play all scenarios, half of them against a witness, half against a receipt."""
    seen: Counter[str] = Counter()
    pool = entries(LARGEST)
    keys = [SigningKey(f"log.example/{n}", n.to_bytes(32, "big")) for n in range(scenarios)]
    with witness([key.verifier for key in keys[::2]]) as watching:
        for number, key in enumerate(keys):
            random = Random(number)
            scene = Scene(random, key, pool[: random.randrange(4, LARGEST)])
            how = "receipt" if number % 2 else "witness"
            noticed = _against_receipt(scene) if number % 2 else _against_witness(scene, watching, seen)
            seen[f"against {how}"] += 1
            seen[how if noticed else f"accepted with {how}"] += 1
    return seen


@contextmanager
def witness(logs: Sequence[VerifierKey]) -> Iterator[quorum.Witness]:
    """The witness of the command line, as another process."""
    with tempfile.TemporaryDirectory() as held:
        known = Path(held) / "logs"
        known.write_text("".join(f"{key}\n" for key in logs), encoding="utf-8")
        words = ["audit", "witness", "--folder", f"{held}/witness", "--log", str(known), "--port", "0"]
        code = "from countenance.cli import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                _, _, key, url = process.stdout.readline().split()
                yield quorum.Witness("w1", VerifierKey.parse(key), url)
            finally:
                process.terminate()


def _against_witness(scene: Scene, watching: quorum.Witness, seen: Counter[str]) -> bool:
    policy = Policy((Log(scene.key.verifier),), (watching,), {}, watching.name)
    honest = Export(scene.leaves, scene.key)
    early = Export(scene.leaves[: scene.random.randrange(1, honest.size)], scene.key)
    cosigned_early = _ask(early, watching, 0)
    cosigned_last = _ask(honest, watching, early.size)
    if scene.random.random() < 1 / len(REWRITES):
        # The old state is truly cosigned: it takes a question to the witness to see that there was more.
        return not _try(early, watching, early.size, seen)
    forged = rewrite(scene, honest.size)
    given = [_try(forged, watching, old, seen) for old in (honest.size, early.size, 0, forged.size)]
    seen["cosigned"] += sum(given)
    if any(given):
        return False
    note = parse_note(forged.files["checkpoint"])
    shown = [note, note.joined(cosigned_last.signatures[1:]), note.joined(cosigned_early.signatures[1:])]
    return all(_refused(forged, one, policy) or not _try(forged, watching, forged.size, seen) for one in shown)


def _against_receipt(scene: Scene) -> bool:
    held = Export(scene.leaves[: scene.random.randrange(2, len(scene.leaves) + 1)], scene.key)
    index = scene.random.randrange(held.size)
    receipt = Proof(index, inclusion(TileHashes(held.fetch, held.size), index, held.size), held.files["checkpoint"])
    forged = rewrite(scene, held.size)
    policy = Policy.trusting(scene.key.verifier)
    return bool(verify(forged, policy, Memory((receipt.checkpoint,))).findings)


def rewrite(scene: Scene, seen: int) -> Export:
    """Another history that contradicts the first `seen` entries, with all hashes and the signature made anew."""
    random, leaves = scene.random, list(scene.leaves)
    kind, at = random.choice(REWRITES), random.randrange(seen - 1)
    match kind:
        case "delete":
            del leaves[at]
        case "insert":
            leaves.insert(at, leaves[random.randrange(len(leaves))] + b" ")
        case "swap":
            leaves[at], leaves[at + 1] = leaves[at + 1], leaves[at]
        case "rollback":
            leaves = leaves[: at + 1]
        case _:
            leaves[at] = leaves[at][:-1] + b" }"
    if kind == "replace and grow":
        leaves += [b"more"] * random.randrange(1, 300)
    return Export(leaves, scene.key)


def _ask(export: Export, watching: quorum.Witness, last: int) -> Note:
    hashes = TileHashes(export.fetch, export.size)
    note = parse_note(export.files["checkpoint"])
    return cosigned(note, watching, lambda old: consistency(hashes, old, export.size), last)


def _try(forged: Export, watching: quorum.Witness, old: int, seen: Counter[str]) -> bool:
    """Whether the witness cosigns a rewritten log that claims to continue a size."""
    if old > forged.size:
        return False
    seen["tries"] += 1
    try:
        _ask(forged, watching, old)
    except AuditError:
        return False
    return True


def _refused(forged: Export, note: Note, policy: Policy) -> bool:
    """Whether a verifier that asks for the witness refuses a rewritten log."""
    forged.files["checkpoint"] = note.data
    try:
        return bool(verify(forged, policy).findings)
    except AuditError:
        return True


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
