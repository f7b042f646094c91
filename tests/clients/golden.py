"""Files as the product writes them, for the second verifier's tests; `python -m tests.clients.golden` renews them."""

import json
import shutil
import tempfile
from pathlib import Path

from bench.audit.synthetic import KEY, Export, entries
from bench.faults.people import House
from tests.clients.second_verifier import CLIENT
from tests.control.desks import Desk

from countenance.audit.cosignature import cosign
from countenance.audit.merkle import inclusion
from countenance.audit.note import COSIGNATURE, SigningKey, parse_note
from countenance.audit.proof import Proof
from countenance.audit.tiles import TileHashes
from countenance.contracts.trust import ConsentStatus

GOLDEN = CLIENT / "test/golden"
WITNESS = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE)
SIZE = 40


def main() -> None:
    """Write them all."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    leaves = entries(SIZE)
    log = Export(leaves)
    note = parse_note(log.files["checkpoint"])
    log.files["checkpoint"] = note.joined([cosign(note.text, WITNESS, 1_790_000_000)]).data
    log.write(GOLDEN / "log")
    policy = f"log {KEY.verifier}\nwitness w1 {WITNESS.verifier}\ngroup all-of-them all w1\nquorum all-of-them\n"
    (GOLDEN / "trust.policy").write_text(policy, encoding="utf-8")
    proof = Proof(7, inclusion(TileHashes(log.fetch, SIZE), 7, SIZE), log.files["checkpoint"], leaves[7])
    (GOLDEN / "entry-7.tlog-proof").write_bytes(proof.data)
    with tempfile.TemporaryDirectory() as held:
        desk = Desk(Path(held) / "desk")
        given = desk.says("Ana M\u00fcller \u2013 \u8a9e", "face", place="US-IL")
        desk.says("Ben", "voice", ConsentStatus.REFUSED)
        text = json.dumps(desk.receipts.receipt(given), indent=2, ensure_ascii=False)
        (GOLDEN / "receipt.json").write_text(text + "\n", encoding="utf-8")
        desk.store.close()
        with House(Path(held) / "house") as house:
            house.call("call-1", {"p-ann": "ann", "p-bob": "bob"})
            deletion = house.eraser.erase("ann", "request", "subject", at_once=True)
        (GOLDEN / "deletion-receipt.json").write_bytes(deletion)


if __name__ == "__main__":
    main()
