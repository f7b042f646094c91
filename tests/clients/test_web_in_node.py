"""The client of `clients/web` in Node, without a page: events of a live service, on, off and to the end."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.clients.second_verifier import node
from tests.clients.web_stage import BUILT, Stage, staged

PROGRAM = """
import { Api, EventStream } from %r;
const [server, token, call] = process.argv.slice(1);
const say = (what) => console.log(JSON.stringify(what));
const stream = new EventStream(new Api({ server, token }), {
  call, samples: true,
  onEvent: (event) => say([event.kind, event.envelope.sequence]),
  onState: (state) => say([state.name, state.error?.slug ?? null]),
});
"""


@pytest.fixture(name="stage", scope="module")
def on_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("node")) as stage:
        yield stage


@contextmanager
def reading(stage: Stage, call: str, token: str) -> Iterator[subprocess.Popen[str]]:
    """A program of somebody who reads the events of a call, and says them line by line."""
    code = PROGRAM % BUILT.as_uri()
    args = [node(), "--input-type=module", "--eval", code, stage.address, token, call]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def told(program: subprocess.Popen[str]) -> Any:  # noqa: ANN401
    assert program.stdout is not None
    return json.loads(program.stdout.readline())


def test_a_program_hears_a_call_until_it_is_over_and_then_ends_by_itself(stage: Stage) -> None:
    call, people = stage.begin()
    with reading(stage, call, stage.reviewer()) as program:
        assert [told(program), told(program)] == [["connecting", None], ["open", None]]
        stage.sample(call, people["Ana"])
        kind, sequence = told(program)
        assert (kind, len(sequence)) == ("sample", 12)
        stage.end(call)
        assert told(program) == ["ended", None]
        assert program.wait(30) == 0


def test_a_program_that_may_not_is_told_why(stage: Stage) -> None:
    call, _people = stage.begin()
    with reading(stage, call, "no-such-token") as program:
        assert [told(program), told(program)] == [["connecting", None], ["refused", "unauthenticated"]]
        assert program.wait(30) == 0
