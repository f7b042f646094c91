from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.readings import Reading
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.surface.files import EVENTS, READINGS, CallFiles
from countenance.testing.sinks import check_sink

CALL = Call("c1", "d1", Purpose.SUPPORT_QA, (Participant("p1", "Ana", Role.CUSTOMER),))


def test_the_files_of_a_call_keep_the_promises_of_a_sink(tmp_path: Path) -> None:
    def delivered() -> list[str]:
        return [line for name in (READINGS, EVENTS) for line in (tmp_path / name).read_text().splitlines()]

    check_sink(lambda: CallFiles(tmp_path, Envelopes(CALL), lambda _: Grounds()), delivered)


@dataclass
class Memory:
    kept: list[str] = field(default_factory=list)
    loses: bool = False

    def deliver(self, reading: Reading) -> None:
        if not self.loses:
            self.kept.append(repr(reading))


@pytest.mark.parametrize(
    ("sink", "complaint"),
    [(Memory(), "delivered again changed"), (Memory(loses=True), "0 arrived")],
)
def test_a_sink_that_repeats_or_loses_is_caught(sink: Memory, complaint: str) -> None:
    @contextmanager
    def opened() -> Iterator[Memory]:
        yield sink

    with pytest.raises(AssertionError, match=complaint):
        check_sink(opened, lambda: sink.kept)
