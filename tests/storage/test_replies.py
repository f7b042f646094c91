"""Kept answers: found under their tag alone, and gone when their time is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from countenance.storage import replies
from countenance.storage.replies import ReplyRow
from countenance.storage.store import Store
from countenance.storage.tables import replies as rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


def keep(store: Store, row: ReplyRow, now_utc_us: int) -> None:
    with store.transaction() as tx:
        replies.put(tx, row, now_utc_us)


def found(store: Store, tag: str, now_utc_us: int) -> bytes | None:
    with store.reading() as tx:
        return replies.find(tx, tag, now_utc_us)


def test_an_answer_is_found_under_its_tag_until_its_time_is_over(store: Store) -> None:
    keep(store, ReplyRow("a", b"sealed", 100), 50)
    assert [found(store, "a", now) for now in (50, 99, 100)] == [b"sealed", b"sealed", None]
    assert found(store, "b", 50) is None


def test_the_newest_answer_of_a_tag_stands(store: Store) -> None:
    keep(store, ReplyRow("a", b"first", 100), 50)
    keep(store, ReplyRow("a", b"second", 200), 120)
    assert found(store, "a", 130) == b"second"


def test_answers_whose_time_is_over_are_deleted_when_another_comes(store: Store) -> None:
    keep(store, ReplyRow("a", b"old", 100), 50)
    keep(store, ReplyRow("b", b"new", 300), 200)
    with store.reading() as tx:
        assert [row.tag for row in tx.rows(tx.select(rows))] == ["b"]
