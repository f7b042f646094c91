"""R8 in short: nothing of an erased person is found in any byte, and planted failures are."""

import pytest
from bench.faults.erasure import harness
from bench.faults.erasure_attack import Haystack, guess, spellings
from bench.faults.erasure_mutants import MUTANTS
from bench.faults.erasure_plant import Size, label_payload

from countenance.storage.sealing import Record

TINY = Size(erased=2, others=1, words=3, readings=7, backups=3)


def test_nothing_is_found_of_who_was_erased_and_everything_of_the_others() -> None:
    outcome = harness(TINY, seed=1)
    assert outcome.misses == []
    assert outcome.figures["markers"] == TINY.markers
    assert outcome.figures["payloads of others read"] != 0


@pytest.mark.parametrize("name", ["salt-in-the-clear", "kek-in-backup", "secure-delete-off", "plain-hash"])
def test_a_planted_failure_is_caught(name: str) -> None:
    """The command runs eight more, `python -m bench.faults.erasure --mutants`."""
    assert harness(TINY, 1, MUTANTS[name]).misses


@pytest.mark.parametrize("form", range(7))
@pytest.mark.parametrize("at", [0, 1, 2, 4090])
def test_the_search_sees_a_marker_in_every_spelling_wherever_it_stands(form: int, at: int) -> None:
    marker = b"mrkqz7" + b"0123456789abcdef"
    hay = Haystack()
    hay.add(bytes(at) + list(spellings(marker))[form] + bytes(100))
    assert hay.markers([marker, b"mrkqz7ffffffffffffffff"]) == {marker}


@pytest.mark.parametrize("at", [0, 3, 4080])
def test_the_search_sees_a_secret_as_it_is_and_in_hexadecimal(at: int) -> None:
    secret, other = bytes(range(32)), bytes(range(1, 33))
    hay = Haystack()
    hay.add(bytes(at) + secret + b"." + secret.hex().encode() + bytes(40))
    assert hay.secrets([secret, other]) == 2
    assert hay.candidates() == {secret}
    assert hay.secrets([]) == 0


def test_a_label_is_guessed_with_the_salt_and_not_without() -> None:
    record = Record(bytes(range(32)), label_payload("fear"))
    assert guess([record.commitment], [record.salt])[0] == {record.commitment}
    assert guess([record.commitment], [bytes(32), b""])[0] == set()
