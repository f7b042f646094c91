"""R3: every single bit of a small log flipped, and random edits of a large one; nothing may pass.

`python -m bench.audit.tampering [bits|edits|all] [edits]` prints one line of figures. Of an edit only the files it
touched are checked, against the signed root, as a verifier does that has checked the others before; every
`WHOLE_EVERY`th edit is checked by a verification of the whole log too, which must agree.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from bench.audit.edits import Attacker, Edit, Edited
from bench.audit.synthetic import KEY, Export, entries
from countenance.audit.checkpoint import Checkpoint
from countenance.audit.cosignature import cosign
from countenance.audit.folder import AbsentError
from countenance.audit.merkle import inclusion
from countenance.audit.note import COSIGNATURE, SigningKey, parse_note
from countenance.audit.proof import Proof, parse_proof, verify_proof
from countenance.audit.quorum import Log, Policy, Witness
from countenance.audit.reading import read
from countenance.audit.tiles import WIDTH, Tile, TileHashes, parse_path
from countenance.audit.tree import DamageError, Tree
from countenance.audit.verify import Memory, first_rewritten, history, verify
from countenance.contracts.errors import AuditError

WITNESS = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE)
POLICY = Policy((Log(KEY.verifier),), (Witness("w1", WITNESS.verifier),), {}, "w1")
TRUST = Policy.trusting(KEY.verifier)
SMALL, LARGE, EDITS = 64, 100_000, 1_000_000
WHOLE_EVERY = 20_000


def main(what: str = "all", edits: int = EDITS, large: int = LARGE) -> None:
    """Attack and print what was noticed."""
    said = []
    began = time.process_time()
    if what in ("all", "bits"):
        bits, missed = flip_every_bit(SMALL)
        parts = ", ".join(f"{n} of {part}" for part, n in PARTS.items())
        said.append(f"{bits} single bits of a log of {SMALL} entries flipped ({parts}), {missed} missed")
    if what in ("all", "edits"):
        seen = edit_at_random(edits, large)
        aimed = seen.total() - seen["checkpoint"]
        said.append(
            f"{edits} random edits of a log of {large} entries, {seen['missed']} missed, first bad entry named in "
            f"{seen['named']} of {aimed} ({100 * seen['named'] / max(aimed, 1):.3f} %), "
            f"{seen['checkpoint']} broke the checkpoint itself"
        )
    print(f"{'; '.join(said)}; {time.process_time() - began:.0f} s of CPU")


PARTS: Counter[str] = Counter()
Seen = Mapping[str, int | None]
"""What a look noticed: the first bad entry, or None for the checkpoint."""


def flip_every_bit(size: int) -> tuple[int, int]:
    """Flip each bit of entries, tiles, cosigned checkpoint and proofs, one at a time: bits, and how many passed."""
    base = Export(entries(size))
    note = parse_note(base.files["checkpoint"])
    base.files["checkpoint"] = note.joined([cosign(note.text, WITNESS, 1_790_000_000)]).data
    PARTS.clear()
    missed = 0
    for name, data in list(base.files.items()):
        for changed in flips(data):
            PARTS["checkpoint" if name == "checkpoint" else "entries" if "entries" in name else "tiles"] += 1
            try:
                missed += not verify(Edited(base, Edit("flip", {name: changed}, size, None)), POLICY).findings
            except AuditError:
                continue
    hashes = TileHashes(base.fetch, size)
    for index, entry in enumerate(entries(size)):
        for changed in flips(Proof(index, inclusion(hashes, index, size), base.files["checkpoint"]).data):
            PARTS["proofs"] += 1
            missed += proves(changed, entry)
    return PARTS.total(), missed


def flips(data: bytes) -> Iterator[bytes]:
    """The data with each of its bits flipped."""
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def proves(proof: bytes, entry: bytes) -> bool:
    """Whether a proof file is taken for a proof of an entry."""
    try:
        verify_proof(parse_proof(proof), entry, POLICY)
    except AuditError:
        return False
    return True


def edit_at_random(edits: int, size: int, whole_every: int = WHOLE_EVERY) -> Counter[str]:
    """What became of random edits: named, elsewhere (noticed, but at another entry), checkpoint, missed."""
    base = Export(entries(size))
    attacker = Attacker(base, seed=3)
    memory = Memory(mirror=base)
    outcome: Counter[str] = Counter()
    for number in range(edits):
        edit = attacker.any()
        said = look(base, edit, memory)
        if number % whole_every == 0 and said != look_at_all(base, edit, memory):
            raise SystemExit(f"the two ways of looking disagree on edit {number}, a {edit.kind}")
        if number % 50_000 == 49_999:
            print(number + 1, dict(outcome), file=sys.stderr, flush=True)
        outcome[_judge(edit, said)] += 1
    return outcome


def _judge(edit: Edit, said: Seen | None) -> str:
    if said is None:
        return "missed"
    if said["first"] is None:
        return "checkpoint"
    return "named" if said["first"] == edit.first else f"elsewhere: {edit.kind}"


def look(base: Export, edit: Edit, memory: Memory) -> Seen | None:
    """The first bad entry, by a look at what was touched; None when nothing is noticed."""
    shown = Edited(base, edit)
    point = base.point
    if edit.files.get("checkpoint", base.files["checkpoint"]) != base.files["checkpoint"]:
        try:
            point, _ = TRUST.open(shown.checkpoint())
        except AuditError:
            return {"first": None}
        past = history(shown, point, TRUST, memory)
        if past:
            return {"first": past[0].seq}
    return _look_at_touched(shown, point, edit, memory)


def _look_at_touched(shown: Edited, point: Checkpoint, edit: Edit, memory: Memory) -> Seen | None:
    tree = Tree(shown, point)
    found: list[int] = []
    try:
        if not tree.edge_holds():
            return {"first": first_rewritten(shown, point, memory)}
    except DamageError as damage:
        found.append(damage.seq)
    for tile in map(parse_path, edit.files):
        try:
            _check(tree, tile)
        except DamageError as damage:
            found.append(damage.seq)
        except AbsentError:
            found.append(tile.start)
    return {"first": min(found)} if found else None


def _check(tree: Tree, tile: Tile) -> None:
    if tile.level is None:
        read(tree.bundle(tile.index), tile.index * WIDTH)
    else:
        tree.tile(tile.level, tile.index)


def look_at_all(base: Export, edit: Edit, memory: Memory) -> Seen | None:
    """The first bad entry, by a verification of the whole log."""
    try:
        report = verify(Edited(base, edit), TRUST, memory)
    except AuditError:
        return {"first": None}
    # An entry that is gone is also reported as unaccounted for, under the first that was.
    told = [one.seq for one in report.findings if "no RETENTION" not in one.problem]
    return {"first": min(told)} if told else None


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "all", int(sys.argv[2]) if sys.argv[2:] else EDITS)
