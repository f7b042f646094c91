import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.trees import Rows, leaves, mth, path, proof

from countenance.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency,
    cover,
    inclusion,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
)
from countenance.contracts.errors import AuditError

# The entries of the test vector that the certificate-transparency projects share for RFC 6962.
EIGHT = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
EIGHT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_the_eight_leaf_vector_of_rfc_6962_has_its_root() -> None:
    rows = [leaf_hash(entry) for entry in EIGHT]
    assert root_of(rows).hex() == EIGHT_ROOT
    frontier = Frontier()
    frontier.extend(rows)
    assert frontier.root().hex() == EIGHT_ROOT
    assert tree_root(Rows(rows), 8).hex() == EIGHT_ROOT


def test_leaves_and_nodes_cannot_be_taken_for_each_other() -> None:
    left, right = leaves(2)
    assert node_hash(left, right) != leaf_hash(left + right)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == root_of([]) == tree_root(Rows([]), 0) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 71))
def test_every_size_has_the_root_and_the_proofs_of_the_rfc(size: int) -> None:
    rows = leaves(size)
    reader, root = Rows(rows), mth(rows)
    frontier = Frontier()
    frontier.extend(rows)
    assert frontier.root() == root_of(rows) == tree_root(reader, size) == root
    for index in range(size):
        found = inclusion(reader, index, size)
        assert list(found) == path(index, rows)
        check_inclusion(rows[index], index, size, found, root)
    for old in range(1, size + 1):
        held = consistency(reader, old, size)
        assert list(held) == proof(old, rows)
        check_consistency(old, size, mth(rows[:old]), root, held)


def test_a_frontier_goes_on_where_it_was_kept() -> None:
    rows = leaves(45)
    kept = Frontier()
    kept.extend(rows[:21])
    again = Frontier(kept.size, kept.hashes)
    again.extend(rows[21:])
    assert again.root() == mth(rows)
    assert kept.root() == mth(rows[:21])


@pytest.mark.parametrize(("size", "hashes"), [(-1, []), (1, []), (2, [b"x" * 32, b"y" * 32]), (1, [b"short"])])
def test_a_frontier_that_cannot_be_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(AuditError, match="do not make a tree"):
        Frontier(size, hashes)


def test_proofs_of_what_is_not_in_the_tree_are_refused() -> None:
    rows = leaves(4)
    for index in (-1, 4):
        with pytest.raises(AuditError, match="not in a tree"):
            inclusion(Rows(rows), index, 4)
        with pytest.raises(AuditError, match="not in a tree"):
            check_inclusion(rows[0], index, 4, (), mth(rows))
    for old in (-1, 5):
        with pytest.raises(AuditError, match="cannot begin"):
            consistency(Rows(rows), old, 4)
    with pytest.raises(AuditError, match="went back from 5 to 4"):
        check_consistency(5, 4, mth(rows), mth(rows), ())


@given(st.integers(1, 300), st.data())
def test_a_changed_inclusion_proof_fails(size: int, data: st.DataObject) -> None:
    rows = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    found, root = list(inclusion(Rows(rows), index, size)), mth(rows)
    edits = (
        ["leaf", "longer", "root"] + (["index"] if size > 1 else []) + (["hash", "shorter", "swap"] if found else [])
    )
    match data.draw(st.sampled_from(edits)):
        case "leaf":
            bad = (leaf_hash(b"another"), index, found, root)
        case "longer":
            bad = (rows[index], index, [*found, b"0" * 32], root)
        case "root":
            bad = (rows[index], index, found, b"0" * 32)
        case "index":
            bad = (rows[index], (index + 1) % size, found, root)
        case "hash":
            place = data.draw(st.integers(0, len(found) - 1))
            bad = (rows[index], index, [*found[:place], b"0" * 32, *found[place + 1 :]], root)
        case "shorter":
            bad = (rows[index], index, found[:-1], root)
        case _:
            bad = (rows[index], index, [found[0], *found], root)
    leaf, place, changed, top = bad
    with pytest.raises(AuditError):
        check_inclusion(leaf, place, size, changed, top)


@given(st.integers(2, 300), st.data())
def test_a_changed_consistency_proof_fails(size: int, data: st.DataObject) -> None:
    rows = leaves(size)
    old = data.draw(st.integers(1, size - 1))
    held, before, after = list(consistency(Rows(rows), old, size)), mth(rows[:old]), mth(rows)
    match data.draw(st.sampled_from(["longer", "shorter", "hash", "before", "after", "none"])):
        case "longer":
            changed = ([*held, b"0" * 32], before, after)
        case "shorter":
            changed = (held[:-1], before, after)
        case "hash":
            place = data.draw(st.integers(0, len(held) - 1))
            changed = ([*held[:place], b"0" * 32, *held[place + 1 :]], before, after)
        case "before":
            changed = (held, b"0" * 32, after)
        case "after":
            changed = (held, before, b"0" * 32)
        case _:
            changed = ([], before, after)
    with pytest.raises(AuditError, match="does not begin with"):
        check_consistency(old, size, changed[1], changed[2], changed[0])


def test_equal_sizes_and_the_empty_tree_need_no_proof() -> None:
    rows = leaves(5)
    root = mth(rows)
    check_consistency(5, 5, root, root, ())
    check_consistency(0, 5, EMPTY_ROOT, root, ())
    check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, ())
    for old, old_root, held in ((5, b"0" * 32, ()), (5, root, (root,)), (0, root, ()), (0, EMPTY_ROOT, (root,))):
        with pytest.raises(AuditError, match="does not begin with"):
            check_consistency(old, 5, old_root, root, held)


def test_a_span_is_covered_by_its_full_subtrees() -> None:
    assert list(cover(0, 7)) == [(2, 0), (1, 2), (0, 6)]
    assert list(cover(8, 13)) == [(2, 2), (0, 12)]
