"""R19, the short form: seeded runs with faults, crashes and clocks; a planted bug is found and replays."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from bench.faults.memory import Memory
from bench.faults.replay import play, play_many
from bench.faults.simulate import PLANTS, Beginning, Life, length_of

from countenance.contracts.errors import StorageError
from countenance.storage.engine import driver_of
from countenance.storage.marks import find_mark, put_mark
from countenance.storage.store import Store


@pytest.fixture
def beginning(tmp_path: Path) -> Iterator[Beginning]:
    with Beginning(tmp_path).ready() as made:
        yield made


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory("tested")
    with made.instead():
        yield made
    made.close()


def test_seeded_runs_break_no_promise(beginning: Beginning) -> None:
    assert play_many(partial(Life, beginning, ""), range(16), length_of) == (16, [])


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found_and_replays(beginning: Beginning, plant: str) -> None:
    make = partial(Life, beginning, plant)
    _, failures = play_many(make, range(10), length_of)
    assert failures
    again = play(make, failures[0].seed, failures[0].steps)
    assert again is not None
    assert ("told that it ended" if plant == "forgets_stops" else "is lost") in again.problem


def test_a_failure_replays_in_a_process_of_its_own(beginning: Beginning) -> None:
    _, failures = play_many(partial(Life, beginning, "acks_without_disk"), range(10), length_of)
    steps = ",".join(map(str, failures[0].steps))
    command = [sys.executable, "-m", "bench.faults.simulate", "--plant", "acks_without_disk"]
    asked = [*command, "--seed", str(failures[0].seed), "--steps", steps]
    ran = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert ran.returncode == 1
    assert failures[0].recipe in ran.stderr


class LostError(BaseException):
    """The process is gone."""


def _write_and_crash(store: Store) -> None:
    with store.transaction() as tx:
        put_mark(tx, "lost", "1")
        raise LostError


def _write_and_lose_the_connection(store: Store) -> None:
    with store.transaction() as tx:
        put_mark(tx, "lost", "1")
        driver_of(tx.connection).close()


def _read_while_writing(store: Store) -> None:
    with store.transaction() as tx:
        put_mark(tx, "mine", "1")
        with store.reading() as other:
            find_mark(other, "mine")


@pytest.mark.parametrize(
    ("crash", "fault"), [(_write_and_crash, LostError), (_write_and_lose_the_connection, StorageError)]
)
def test_what_was_not_committed_is_gone(
    memory: Memory, tmp_path: Path, crash: Callable[[Store], None], fault: type[BaseException]
) -> None:
    store = Store.open(tmp_path)
    with store.transaction() as tx:
        put_mark(tx, "kept", "1")
    with pytest.raises(fault):
        crash(store)
    store.close()
    with Store.open(tmp_path) as again, again.reading() as tx:
        assert (find_mark(tx, "kept"), find_mark(tx, "lost")) == ("1", None)


def test_a_store_in_memory_becomes_what_it_was(memory: Memory, tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    before = memory.kept()
    with Store.open(tmp_path) as store:
        with store.transaction() as tx:
            put_mark(tx, "later", "1")
        with store.reading() as tx:
            assert find_mark(tx, "later") == "1"
    memory.become(before)
    with Store.open(tmp_path) as store, store.reading() as tx:
        assert find_mark(tx, "later") is None


def test_who_reads_beside_its_own_transaction_is_told_at_once(memory: Memory, tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, pytest.raises(StorageError, match="locked"):
        _read_while_writing(store)
