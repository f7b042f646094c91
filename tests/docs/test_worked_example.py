"""The bytes in docs/audit-log.md are those that the code makes."""

from pathlib import Path

from bench.audit.synthetic import KEY, Export, entries

from countenance.audit.completeness import Completeness
from countenance.audit.entries import KINDS
from countenance.audit.merkle import inclusion, leaf_hashes
from countenance.audit.proof import Proof
from countenance.audit.tiles import TileHashes

PAGE = (Path(__file__).parents[2] / "docs/audit-log.md").read_text(encoding="utf-8")
LEAVES = entries(3)
EXPORT = Export(LEAVES)


def test_the_worked_example_is_what_the_code_makes() -> None:
    assert KEY.seed == b"l" * 32
    assert f"\n{KEY.verifier}\n" in PAGE
    assert LEAVES[0].decode() in PAGE
    assert EXPORT.files["tile/entries/000.p/3"][:2].hex() == "00eb"
    assert "\n".join(one.hex() for one in leaf_hashes(LEAVES)) in PAGE
    assert EXPORT.files["checkpoint"].decode() in PAGE
    proof = Proof(1, inclusion(TileHashes(EXPORT.fetch, 3), 1, 3), b"").data.decode()
    assert proof.removesuffix("\n") in PAGE


def test_every_kind_of_entry_is_explained() -> None:
    table = PAGE.partition("| kinds |")[2].partition("The rules of")[0]
    assert all(kind in table for kind in KINDS)


def test_every_rule_is_listed() -> None:
    listed = PAGE.partition("in the order of the log:")[2].partition("## The files")[0]
    assert listed.count("\n1. ") == 1
    assert len({rule for rules in Completeness()._rules.values() for rule in rules}) == 5
    assert "\n6. " in listed
