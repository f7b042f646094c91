from pathlib import Path

import pytest
from bench.audit.synthetic import KEY, Export, entries

from countenance.audit.folder import AbsentError, LogFolder, first_of
from countenance.audit.tiles import Tile
from countenance.contracts.errors import AuditError

LEAVES = entries(600)


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    Export(LEAVES).write(tmp_path)
    return LogFolder(tmp_path)


def test_a_log_is_read_from_its_files(folder: LogFolder) -> None:
    export = Export(LEAVES)
    assert folder.checkpoint() == export.checkpoint()
    assert folder.key() == KEY.verifier
    assert folder.minimum() == 0
    assert folder.fetch(Tile(0, 1)) == export.fetch(Tile(0, 1))


def test_a_partial_tile_that_grew_full_is_read_from_the_full_one(folder: LogFolder) -> None:
    small = Export(LEAVES[:300])
    for tile in (Tile(0, 1, 44), Tile(None, 1, 44)):
        assert folder.fetch(tile) == small.fetch(tile)
    assert first_of(b"\x00", Tile(None, 0, 2)) == b"\x00"


def test_what_is_missing_is_named(folder: LogFolder) -> None:
    with pytest.raises(AbsentError, match="tile/0/009 is missing"):
        folder.fetch(Tile(0, 9))
    with pytest.raises(AbsentError, match="tile/0/009 is missing"):
        folder.fetch(Tile(0, 9, 3))
    (folder.root / "checkpoint").unlink()
    with pytest.raises(AbsentError, match="checkpoint is missing"):
        folder.checkpoint()


def test_what_cannot_be_read_is_named(folder: LogFolder) -> None:
    (folder.root / "minimum").mkdir()
    with pytest.raises(AuditError, match="cannot be read"):
        folder.minimum()
    (folder.root / "log.vkey").write_bytes(b"x" * 17_000_000)
    with pytest.raises(AuditError, match="larger than any file"):
        folder.key()


def test_the_minimum_is_a_plain_number(folder: LogFolder) -> None:
    (folder.root / "minimum").write_text("256\n")
    assert folder.minimum() == 256
    (folder.root / "minimum").write_text("all\n")
    with pytest.raises(AuditError, match="no plain whole number"):
        folder.minimum()


def test_left_over_tiles_must_agree_with_the_present_ones(folder: LogFolder) -> None:
    Export(LEAVES[:300]).write(folder.root)
    assert list(folder.strays(600)) == []
    (folder.root / "tile/entries/x").write_text("not a tile")
    (folder.root / "tile/0/001.p/44").write_bytes(b"x" * 44 * 32)
    (folder.root / "tile/0/007").write_bytes(b"beyond the end")
    (folder.root / "tile/1/000.p/9").write_bytes(b"wider than the log")
    assert [tile.path for tile in folder.strays(600)] == ["tile/0/001.p/44", "tile/0/007", "tile/1/000.p/9"]
