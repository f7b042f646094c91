"""The harnesses of bench/audit in short: what they find in the long form is in docs/audit-log.md."""

import pytest
from bench.audit import tampering
from bench.audit.edits import Attacker
from bench.audit.rewriting import attack
from bench.audit.speed import proofs, whole
from bench.audit.synthetic import Export, entries

from countenance.audit.verify import Memory


def test_no_single_bit_of_a_small_log_can_be_flipped() -> None:
    bits, missed = tampering.flip_every_bit(2)
    assert set(tampering.PARTS) == {"entries", "tiles", "checkpoint", "proofs"}
    assert bits > 8_000
    assert missed == 0


def test_random_edits_are_noticed_and_the_first_bad_entry_is_named() -> None:
    seen = tampering.edit_at_random(400, 1_500, whole_every=8)
    assert seen["missed"] == 0
    assert seen["named"] + seen["checkpoint"] == 400


def test_every_kind_of_edit_is_noticed_by_both_ways_of_looking() -> None:
    base = Export(entries(1_500))
    attacker, memory = Attacker(base, seed=5), Memory(mirror=base)
    for kind, make in attacker.kinds.items():
        edit = make()
        assert edit.kind == kind
        said = tampering.look(base, edit, memory)
        assert said is not None
        assert said == tampering.look_at_all(base, edit, memory)
        assert said["first"] in (edit.first, None)


def test_a_harness_that_sees_nothing_would_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("look", "look_at_all"):
        monkeypatch.setattr(tampering, way, lambda *_: None)
    assert tampering.edit_at_random(5, 700)["missed"] == 5


def test_history_rewritten_with_the_logs_own_key_is_noticed() -> None:
    seen = attack(24)
    assert (seen["witness"], seen["receipt"], seen["cosigned"]) == (12, 12, 0)
    assert seen["tries"] > 12


def test_proofs_come_out_of_tiles_on_disk() -> None:
    wall, cpu, largest = proofs(70_000, 20)
    assert len(wall) == len(cpu) == 20
    assert largest < 2_500


def test_a_whole_log_is_verified_from_disk() -> None:
    _, _, leaf_bytes = whole(600, completeness=True)
    assert leaf_bytes < 600
