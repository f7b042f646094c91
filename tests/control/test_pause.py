"""Somebody pauses: nothing is read of them until they go on, and their answers stay as they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Place
from tests.control.test_plane import Plane

from countenance.audit.outcome import Outcome
from countenance.contracts.errors import AuditError


@pytest.fixture
def plane(place: Place, tmp_path: Path) -> Iterator[Plane]:
    made = Plane(place, tmp_path)
    yield made
    made.tenant.store.close()


def test_who_pauses_is_read_no_more_until_they_go_on(plane: Plane) -> None:
    plane.permit("p_1", "face", "voice")
    plane.permit("p_2")
    plane.second(0)
    (ana,) = (lease for lease in plane.grant(1) if lease.participant_id == "p_1")
    plane.control.pause(plane.call, "p_1")
    assert sorted(plane.stops) == [("p_1", "face"), ("p_1", "voice")], "whoever holds a lease was told"
    with pytest.raises(AuditError):
        plane.control.results(plane.call, [Outcome(ana, {"face": 5}, b"x")])
    barred = plane.call.permissions().barred("p_1", "face", 2_000_000)
    assert barred is not None
    assert barred.detail == "paused"
    assert [lease.participant_id for lease in plane.grant(2)] == ["p_2"]
    plane.control.resume(plane.call, "p_1")
    assert sorted(lease.participant_id for lease in plane.grant(3)) == ["p_1", "p_2"], "without a new answer"


def test_a_pause_stands_in_the_log_which_holds(plane: Plane) -> None:
    plane.permit("p_1")
    plane.second(0)
    plane.grant(1)
    plane.control.pause(plane.call, "p_1")
    plane.control.resume(plane.call, "p_1")
    said = [entry.body["status"] for entry in plane.tenant.log.entries() if entry.kind == "SUPPRESSED"]
    assert said == ["paused", "resumed"]
    assert plane.kinds().count("CONSENT") == 1, "a pause is no answer"
    plane.control.end_call(plane.call)
    assert plane.findings() == ()
