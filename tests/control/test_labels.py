"""Labels: kept with the person's own yes, with what was read of the same seconds, and gone when they say so."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Place
from tests.control.test_plane import Plane

from countenance.audit.export import StoredLog
from countenance.audit.outcome import Outcome
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.consent.label_notice import TEXTS, label_notice, shown
from countenance.contracts.errors import ConsentError
from countenance.control.erasure import Eraser
from countenance.control.labels import NONE, Label
from countenance.storage.wiping import Seat
from countenance.surface.envelope import SAMPLE

EN = label_notice("en")
SECOND_US = 1_000_000


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    made = Plane(Place(tmp_path / "store", "local"), tmp_path)
    made.permit("p_1", "face")
    yield made
    made.tenant.store.close()


def seat_of(plane: Plane, who: str = "p_1") -> Seat:
    return Seat(plane.call.seats[who].subject_ref, plane.call.call_ref)


def read(plane: Plane, seconds: int, label: str | None = "engaged") -> None:
    """Seconds of readings of Ana, as the service seals them."""
    for second in range(seconds):
        start_us, end_us = second * SECOND_US, (second + 1) * SECOND_US
        labels = {"engaged": {"probability": 0.6 + 0.1 * second, "interval": [0.5, 0.7]}}
        data = {
            "taxonomy": "engagement.v1",
            "window": {"start_us": start_us, "end_us": end_us},
            "label": label,
            **({} if second == 2 else {"labels": labels}),
        }
        readings = [{"type": SAMPLE, "data": data}, {"type": "io.countenance.signal.x.started.v1", "data": data}]
        (lease,) = plane.control.grant(plane.call, start_us, end_us, ["p_1"])
        sealed = json.dumps({"readings": readings} if second else ["no table"]).encode()
        plane.control.results(plane.call, [Outcome(lease, {"face": 1}, sealed)])


def test_without_a_yes_no_label_is_kept(plane: Plane) -> None:
    labels = plane.control.labels
    assert not labels.agreed(seat_of(plane))
    with pytest.raises(ConsentError, match="has not agreed"):
        labels.put(seat_of(plane), Label("engagement.v1", NONE, "self", 0, SECOND_US), "self")


def test_a_label_is_kept_with_what_was_read_of_the_same_seconds(plane: Plane) -> None:
    read(plane, 4)
    labels = plane.control.labels
    labels.answer(seat_of(plane), EN, given=True)
    kept = labels.put(seat_of(plane), Label("engagement.v1", NONE, "self", SECOND_US, 3 * SECOND_US), "self")
    assert (kept.leading, kept.label.label) == ("engaged", NONE)
    assert kept.probabilities == pytest.approx({"engaged": 0.7})
    assert labels.of([seat_of(plane)], "self", "review") == (kept,)
    assert labels.all() == (kept,)
    assert labels.all() is labels.all()
    nothing = labels.put(seat_of(plane), Label("ekman7.v1", NONE, "self", 0, SECOND_US), "self")
    assert (nothing.leading, nothing.probabilities) == (NONE, {})


def test_the_log_says_who_agreed_and_who_looked_and_nothing_of_the_label(plane: Plane) -> None:
    read(plane, 2)
    plane.control.labels.answer(seat_of(plane), label_notice("de"), given=True)
    plane.control.labels.put(seat_of(plane), Label("engagement.v1", "confused", "reviewer", 0, SECOND_US), "key:7")
    consent = next(e for e in reversed(plane.tenant.log.entries()) if e.kind == "CONSENT")
    assert (consent.body["modality"], consent.body["status"], consent.body["language"]) == ("labels", "given", "de")
    looked = [e.body for e in plane.tenant.log.entries() if e.kind == "ACCESS"]
    assert [one["actor"] for one in looked] == ["key:7", "key:7"]
    assert "confused" not in json.dumps([dict(one) for one in looked])
    policy = Policy.trusting(plane.tenant.log.key.verifier)
    assert verify(StoredLog(plane.tenant.log), policy, completeness=True).findings == ()


def test_taking_it_back_deletes_the_labels_at_once(plane: Plane) -> None:
    labels, seat = plane.control.labels, seat_of(plane)
    labels.answer(seat, EN, given=True)
    labels.answer(seat, EN, given=True)
    labels.put(seat, Label("engagement.v1", NONE, "self", 0, SECOND_US), "self")
    labels.answer(seat, EN, given=False)
    assert not labels.agreed(seat)
    assert labels.of([seat], "self", "review") == ()
    assert labels.all() == ()


def test_labels_go_with_the_person(plane: Plane) -> None:
    read(plane, 2)
    labels, seat = plane.control.labels, seat_of(plane)
    labels.answer(seat, EN, given=True)
    labels.put(seat, Label("engagement.v1", "engaged", "self", 0, SECOND_US), "self")
    Eraser(plane.tenant.log, plane.tenant.vault, plane.clock).erase("crm-ana", "art17", "self")
    assert labels.all() == ()


def test_the_question_is_one_text_in_each_language() -> None:
    for language in TEXTS:
        assert shown(label_notice(language).sha256).language == language
    with pytest.raises(ConsentError, match="not written in"):
        label_notice("it")
    with pytest.raises(ConsentError, match="not the text"):
        shown("0" * 64)
