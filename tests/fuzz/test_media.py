"""The short form of the mutated recordings: some files in this process."""

import asyncio
from pathlib import Path

import pytest
from bench.fuzz import media


def test_files_that_are_nearly_right_are_read_or_refused(tmp_path: Path) -> None:
    for ending, pictures, sound in media.KINDS:
        media.clip(tmp_path / f"clip.{ending}", pictures, sound)
    found = media.batch(str(tmp_path), 0, 40, seed=1)
    assert found.misses == []
    assert found.ends.total() == 40
    assert found.ends["read"]
    assert found.ends["refused"]


def test_a_file_that_breaks_or_hangs_the_reader_is_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip.wav").write_bytes(bytes(100))

    async def breaks(_path: Path) -> int:
        raise KeyError("x")

    async def hangs(_path: Path) -> int:
        await asyncio.sleep(60)
        return 0

    monkeypatch.setattr(media, "LONGEST_S", 0.05)
    monkeypatch.setattr(media, "_read", breaks)
    assert "KeyError" in media.batch(str(tmp_path), 0, 1, seed=1).misses[0]
    monkeypatch.setattr(media, "_read", hangs)
    assert "HungError" in media.batch(str(tmp_path), 0, 1, seed=1).misses[0]
