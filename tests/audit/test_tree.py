from collections import deque
from collections.abc import Callable

import pytest
from bench.audit.synthetic import Export, entries, tree_files

from countenance.audit.folder import AbsentError
from countenance.audit.tiles import Tile
from countenance.audit.tree import DamageError, RewrittenError, Tree

LEAVES = entries(66_200)
"""Enough for tiles on three levels."""
WHOLE = Export(LEAVES)


def altered(**changes: bytes | None) -> Tree:
    """The log with some files changed or gone."""
    export = object.__new__(Export)
    export.files = WHOLE.files | {name: data for name, data in changes.items() if data is not None}
    for name, data in changes.items():
        if data is None:
            del export.files[name]
    return Tree(export, WHOLE.point)


def flipped(name: str, at: int) -> dict[str, bytes]:
    data = bytearray(WHOLE.files[name])
    data[at] ^= 1
    return {name: bytes(data)}


def first_damage(tree: Tree) -> DamageError:
    with pytest.raises(DamageError) as fault:
        deque(map(tree.bundle, range(tree.bundles)))
    return fault.value


def test_a_whole_log_is_read_from_the_root_down() -> None:
    tree = altered()
    assert tree.bundles == 259
    read = [entry for index in range(tree.bundles) for entry in tree.bundle(index)]
    assert read == LEAVES


def test_one_bundle_is_shown_to_stand_without_reading_the_others() -> None:
    asked: list[str] = []

    class Watched(Export):
        def fetch(self, tile: Tile) -> bytes:
            asked.append(tile.path)
            return super().fetch(tile)

    watched = object.__new__(Watched)
    watched.files = WHOLE.files
    assert Tree(watched, WHOLE.point).bundle(7) == tuple(LEAVES[7 * 256 : 8 * 256])
    assert set(asked) == {
        "tile/0/258.p/152", "tile/1/001.p/2", "tile/2/000.p/1", "tile/1/000", "tile/0/007", "tile/entries/007",
    }  # fmt: skip


def test_small_and_empty_logs_are_read() -> None:
    for count in (0, 1, 255, 256, 257, 512):
        export = Export(LEAVES[:count])
        tree = Tree(export, export.point)
        tree.check_edge()
        assert [entry for index in range(tree.bundles) for entry in tree.bundle(index)] == LEAVES[:count]


@pytest.mark.parametrize(
    ("changes", "seq", "what"),
    [
        (flipped("tile/entries/000", 30), 0, "not the one that was signed"),
        (flipped("tile/entries/258.p/152", 40), 258 * 256, "not the one that was signed"),
        (flipped("tile/entries/001", 0), 256, "ends within entry"),
        (flipped("tile/0/003", 5 * 32), 773, "tile/0/003 was changed; what lies below it is whole"),
        (flipped("tile/0/258.p/152", 9 * 32), 258 * 256 + 9, "was changed"),
        (flipped("tile/1/000", 4 * 32), 1024, "tile/1/000 was changed; what lies below it is whole"),
        (flipped("tile/1/001.p/2", 32), 257 * 256, "was changed"),
        (flipped("tile/2/000.p/1", 0), 0, "tile/2/000.p/1 was changed"),
        ({"tile/0/003": WHOLE.files["tile/0/003"][:-1]}, 1023, "8191 bytes instead of 8192"),
        ({"tile/0/003": WHOLE.files["tile/0/003"][:70]}, 770, "70 bytes instead of 8192"),
        ({"tile/0/003": WHOLE.files["tile/0/003"] + b"x" * 32}, 1023, "8224 bytes instead of 8192"),
        ({"tile/1/001.p/2": WHOLE.files["tile/1/001.p/2"][:40]}, 257 * 256, "40 bytes instead of 64"),
        ({"tile/0/003": None}, 768, "missing"),
        ({"tile/2/000.p/1": None}, 0, "missing"),
        ({"tile/0/003": WHOLE.files["tile/0/004"]}, 768, "tile/0/003 was changed"),
        ({"tile/entries/003": WHOLE.files["tile/entries/004"]}, 768, "not the one that was signed"),
        ({"tile/entries/003": WHOLE.files["tile/entries/003"] + b"\0\0"}, 1023, "257 entries instead of 256"),
        ({"tile/entries/003": b""}, 768, "0 entries instead of 256"),
    ],
)
def test_the_first_entry_that_a_change_touches_is_named(changes: dict[str, bytes | None], seq: int, what: str) -> None:
    damage = first_damage(altered(**changes))
    assert damage.seq == seq
    assert what in damage.what
    assert f"entry {seq}: " in damage.diagnosis


def test_a_change_of_a_bundle_and_its_tile_is_named_by_where_the_tile_begins() -> None:
    leaves = list(LEAVES)
    leaves[777] = b"forged"
    forged = tree_files(leaves)
    damage = first_damage(altered(**{name: forged[name] for name in ("tile/entries/003", "tile/0/003")}))
    assert (damage.seq, damage.what) == (768, "tile/0/003 and all that lies below it were changed together")


def test_a_change_of_a_tile_over_unreadable_bundles_is_still_found() -> None:
    gone = {"tile/entries/003": None, **flipped("tile/0/003", 0)}
    assert first_damage(altered(**gone)).seq == 768
    below = {"tile/0/004": None, **flipped("tile/1/000", 5 * 32)}
    damage = first_damage(altered(**below))
    assert (damage.seq, damage.what) == (1024, "tile/1/000 was changed")


def test_a_log_written_anew_under_the_old_root_is_told_from_damage() -> None:
    leaves = list(LEAVES)
    leaves[777] = b"forged"
    with pytest.raises(RewrittenError, match="all were written anew"):
        altered(**tree_files(leaves)).check_edge()


def test_a_bundle_that_is_gone_is_told_from_damage() -> None:
    with pytest.raises(AbsentError, match="tile/entries/003 is missing"):
        altered(**{"tile/entries/003": None}).bundle(3)


def test_subtrees_for_proofs_are_checked_too() -> None:
    hashes: Callable[[int, int], bytes] = altered().hash
    assert hashes(16, 0) == Tree(WHOLE, WHOLE.point).tile(2, 0)[0]
    with pytest.raises(DamageError):
        altered(**flipped("tile/0/003", 0)).hash(3, 768 // 8)


def test_few_tiles_are_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countenance.audit.tree.KEPT", 0)
    tree = altered()
    assert [entry for index in range(tree.bundles) for entry in tree.bundle(index)] == LEAVES
