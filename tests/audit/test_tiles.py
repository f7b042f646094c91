from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.trees import leaves, mth

from countenance.audit.merkle import check_consistency, check_inclusion, consistency, inclusion, root_of, tree_root
from countenance.audit.tiles import (
    Tile,
    TileHashes,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    grown,
    parse_path,
    tiles_of,
)
from countenance.contracts.errors import AuditError


def tree_of(rows: list[bytes]) -> dict[Tile, bytes]:
    """The hash tiles of a log, made from the definition in the format: MTH of each run of 256**level leaves."""
    files = {}
    for tile in tiles_of(len(rows)):
        if tile.level is not None:
            run = 256**tile.level
            first = tile.index * 256
            hashes = [root_of(rows[n * run : (n + 1) * run]) for n in range(first, first + tile.width)]
            files[tile] = encode_tile(hashes)
    return files


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(63, 5, 112), "tile/63/005.p/112"),
        (Tile(None, 1000), "tile/entries/x001/000"),
        (Tile(None, 999, 1), "tile/entries/999.p/1"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/001/000", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/data/000", "/tile/0/000", "tile/0/000/", "checkpoint",
        "tile/0/../000", "tile/0/\u0660\u0660\u0660", "tile/0/" + "x999/" * 20 + "000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ],
)  # fmt: skip
def test_another_spelling_is_no_path(path: str) -> None:
    with pytest.raises(AuditError):
        parse_path(path)


def test_the_tiles_of_seventy_thousand_entries_are_those_of_the_format() -> None:
    tiles = list(tiles_of(70_000))
    count = {level: sum(tile.level == level for tile in tiles) for level in (None, 0, 1, 2, 3)}
    assert count == {None: 274, 0: 274, 1: 2, 2: 1, 3: 0}
    assert [tile.width for tile in tiles if tile.width < 256] == [112, 112, 17, 1]
    assert [tile.path for tile in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 300_000), st.integers(0, 2_000))
def test_growing_adds_what_a_new_export_would_have_made(old: int, more: int) -> None:
    before, after = set(tiles_of(old)), set(tiles_of(old + more))
    added = list(grown(old, old + more))
    assert set(added) == after - before
    assert len(added) == len(set(added))


def test_a_tile_spans_its_entries() -> None:
    assert (Tile(0, 2).start, Tile(0, 2).end) == (512, 768)
    assert (Tile(1, 1).start, Tile(1, 1).end) == (65_536, 131_072)
    assert (Tile(None, 3, 7).start, Tile(None, 3, 7).end) == (768, 1024)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 1000, 65_535, 65_536, 66_000])
def test_proofs_come_out_of_tiles(size: int) -> None:
    rows = leaves(size)
    files = tree_of(rows)
    reader, root = TileHashes(files.__getitem__, size), mth(rows)
    assert tree_root(reader, size) == root
    for index in {0, 1, size // 3, size // 2, size - 1} & set(range(size)):
        check_inclusion(rows[index], index, size, inclusion(reader, index, size), root)
    for old in {1, size // 3, 256, size - 1} & set(range(1, size)):
        check_consistency(old, size, mth(rows[:old]), root, consistency(reader, old, size))


def test_a_subtree_beyond_the_log_is_refused() -> None:
    reader = TileHashes(tree_of(leaves(300)).__getitem__, 300)
    assert len(reader.hash(8, 0)) == 32
    for level, index in ((0, 300), (8, 1), (9, 0), (16, 0)):
        with pytest.raises(AuditError, match="has no subtree"):
            reader.hash(level, index)


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    tile = Tile(0, 0, 2)
    assert decode_tile(tile, b"a" * 32 + b"b" * 32) == (b"a" * 32, b"b" * 32)
    for data in (b"", b"a" * 32, b"a" * 63, b"a" * 96):
        with pytest.raises(AuditError, match=r"tile/0/000.p/2 has \d+ bytes instead of 64"):
            decode_tile(tile, data)


def test_entries_come_back_as_they_went_in() -> None:
    entries = (b"", b"one", b"x" * 65_535)
    data = encode_bundle(entries)
    assert data[:7] == b"\x00\x00\x00\x03one"
    assert decode_bundle(Tile(None, 0, 3), data) == entries
    with pytest.raises(AuditError, match="too long"):
        encode_bundle([b"x" * 65_536])


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"\x00", "ends within entry 256"), (b"\x00\x02a", "ends within entry 256"), (b"", "0 entries instead of 1")],
)
def test_a_cut_bundle_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        decode_bundle(Tile(None, 1, 1), data)


@pytest.mark.parametrize("made", [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)])
def test_a_tile_that_cannot_be_is_not_made(made: tuple[int, int, int]) -> None:
    with pytest.raises(AuditError, match="no tile"):
        Tile(*made)


@given(st.text(max_size=60) | st.from_regex(r"tile/(entries|[0-9]{1,2})/(x?[0-9]{3}/)*[0-9]{3}(\.p/[0-9]+)?"))
def test_anything_may_be_given_as_a_path(path: str) -> None:
    with suppress(AuditError):
        assert parse_path(path).path == path


@given(st.binary(max_size=600), st.integers(1, 256))
def test_anything_may_be_given_as_a_bundle(data: bytes, width: int) -> None:
    with suppress(AuditError):
        assert encode_bundle(decode_bundle(Tile(None, 0, width), data)) == data
