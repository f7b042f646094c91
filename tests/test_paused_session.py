"""Somebody pauses in the middle of a call: their tracks are closed at once, and opened again when they go on."""

from pathlib import Path

import pytest
from tests.test_session import ANA, World, frames

from countenance.contracts.call import FACE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Reason


def test_who_pauses_is_neither_decoded_nor_read_until_they_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, frames("p_1", 8), given=(FACE,))

    def turned(end_us: int) -> None:
        world.permissions.paused = frozenset({ANA.id} if 2 * SECOND_US <= end_us < 5 * SECOND_US else ())

    monkeypatch.setattr(world.heard, "on_window", turned)
    tap = world.run(8 * SECOND_US)
    assert {at // SECOND_US for at in world.frames[ANA.id].read} == {0, 1, 5, 6, 7}, (
        "tracks open again with the window that has a lease again"
    )
    assert (tap.decoded("p_1/video"), world.face.calls) == (26, 25), "one picture said that the time had come"
    silent = {signal.start_us // SECOND_US: signal.abstain for signal in world.signals if signal.abstain}
    assert all((silent[second].reason, silent[second].detail) == (Reason.NO_CONSENT, "paused") for second in (2, 3, 4))
    assert not world.findings
