"""Erasing on a real PostgreSQL server."""

from pathlib import Path
from secrets import token_hex

import pytest
from bench.faults.people import House
from tests.postgres_server import Server

from countenance.audit.deletion import verify_deletion
from countenance.contracts.errors import VaultError


def test_a_person_is_erased_from_a_server_too(postgres: Server, tmp_path: Path) -> None:
    with House(tmp_path, place=postgres.url(), tenant=f"erase-{token_hex(4)}") as house:
        ann, bob = house.call("call-1", {"p-ann": "ann", "p-bob": "bob"})
        for seat in (ann, bob):
            house.read(seat, seat.person.encode(), b"event")
        receipt = house.eraser.erase("ann", "request", "subject", at_once=True)
        with pytest.raises(VaultError):
            house.opened(ann.payloads[0])
        assert house.opened(bob.payloads[0]) == b"bob"
        statement = verify_deletion(receipt).statement
        assert statement["rows"]["deks"] == 2
        assert statement["keys"]["destroyed_at"] is not None
        assert house.keys.epochs() == (2,)
