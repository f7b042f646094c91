"""Work in a short-lived process: its answer, its failures in words, and nothing of our environment in it."""

import asyncio

import pytest

from countenance.contracts.errors import OverloadError
from countenance.server.apart import Apart


@pytest.fixture
def apart() -> Apart:
    return Apart(1)


async def test_what_is_given_goes_in_and_what_is_written_comes_out(apart: Apart) -> None:
    assert b'"a": 1' in await apart.done("json.tool", given=b'{"a":1}')


async def test_a_failure_is_told_in_words(apart: Apart) -> None:
    with pytest.raises(OverloadError, match="ended with 1"):
        await apart.done("json.tool", given=b"{")


async def test_what_takes_too_long_is_ended_and_gives_its_room_back(apart: Apart) -> None:
    with pytest.raises(OverloadError, match="took more than"):
        await apart.done("http.server", "--bind", "127.0.0.1", "0", wall_s=0.2)
    assert b"1" in await asyncio.wait_for(apart.done("json.tool", given=b"1"), 60)


async def test_nothing_of_our_environment_is_in_it(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTENANCE__DATA__URL", "postgresql://secret")
    seen = await apart.done("timeit", "-n1", "-r1", "-s", "import os", "print(sorted(os.environ))")
    assert b"COUNTENANCE" not in seen
    assert b"PYTHONPATH" in seen
