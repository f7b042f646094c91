import json
from dataclasses import replace
from typing import Any

import pytest

from countenance.contracts.call import Call
from countenance.contracts.errors import UsageError
from countenance.contracts.readings import Estimate, Event, Signal
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Classification, Envelopes, to_line, wall_clock
from countenance.testing.grounds import CALL, CONSENT, GROUNDS, RULING, TIMELESS
from countenance.testing.lines import check_line
from countenance.testing.sinks import sample_readings, signal


def envelopes(call: Call = CALL) -> Envelopes:
    return Envelopes(call)


def every_envelope(maker: Envelopes) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for sequence, reading in enumerate(sample_readings()):
        make: Any = maker.event if isinstance(reading, Event) else maker.sample
        lines.append(make(sequence, reading, GROUNDS))
    lines.append(maker.consent_changed(90, CONSENT))
    lines.append(maker.refused(91, "p2", RULING, ("text",)))
    lines.append(maker.summary(92, 90_000_000))
    return lines


@pytest.mark.parametrize("call", [CALL, TIMELESS])
def test_every_envelope_holds_to_its_closed_schema(call: Call) -> None:
    for line in every_envelope(envelopes(call)):
        check_line(json.loads(to_line(line)))


def test_another_reader_of_cloud_events_accepts_every_line() -> None:
    formats = pytest.importorskip("cloudevents.core.formats.json")
    events = pytest.importorskip("cloudevents.core.v1.event")
    for line in every_envelope(envelopes()):
        event = formats.JSONFormat().read(events.CloudEvent, to_line(line))
        assert event.get_id() == line["id"]
        assert event.get_type() == line["type"]


def test_attribute_names_are_lower_case_letters_and_digits_of_at_most_twenty() -> None:
    for line in every_envelope(Envelopes(CALL, Classification("restricted", ("GDPR",), ("phi",)))):
        assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in line)


def test_the_same_reading_gives_the_same_bytes_and_another_sequence_another_id() -> None:
    reading = signal("p1", 0, 0.9)
    first, again = (to_line(envelopes().sample(7, reading, GROUNDS)) for _ in range(2))
    assert first == again
    assert json.loads(first)["id"] != envelopes().sample(8, reading, GROUNDS)["id"]
    assert json.loads(first)["sequence"] == "000000000007"


def test_time_is_said_only_when_the_start_of_the_call_is_known() -> None:
    reading = signal("p1", 62, 0.9)
    assert envelopes().sample(0, reading, GROUNDS)["time"] == "2026-11-22T09:31:03.000000Z"
    assert "time" not in envelopes(TIMELESS).sample(0, reading, GROUNDS)


def test_wall_clock_turns_an_offset_into_utc() -> None:
    assert wall_clock("2026-11-22T09:30:00+02:00", 1_500_000) == "2026-11-22T07:30:01.500000Z"


@pytest.mark.parametrize("start", ["yesterday", "2026-11-22T09:30:00"])
def test_a_start_without_a_date_or_a_zone_is_refused(start: str) -> None:
    with pytest.raises(UsageError):
        wall_clock(start, 0)


def test_an_abstained_sample_has_a_reason_and_no_number() -> None:
    data: Any = envelopes().sample(0, signal("p1", 2, None), GROUNDS)["data"]
    assert data["abstain"]["reason"] == "no_face"
    assert data["label"] is data["probability"] is data["interval"] is None
    assert "labels" not in data
    assert data["modalities"]["voice"] == {
        "used": False,
        "weight": 0.0,
        "quality": 0.0,
        "reason": "no_consent",
    }


def test_a_pair_of_events_shares_its_signal_id_and_differs_in_type() -> None:
    started, ended = (one for one in sample_readings() if isinstance(one, Event))
    lines: list[Any] = [envelopes().event(4, started, GROUNDS), envelopes().event(5, ended, GROUNDS)]
    assert [one["type"] for one in lines] == [
        "io.countenance.signal.frustration_spike.started.v1",
        "io.countenance.signal.frustration_spike.ended.v1",
    ]
    assert lines[0]["data"]["signal_id"] == lines[1]["data"]["signal_id"]
    assert lines[1]["data"]["window"] == {"start_us": 0, "end_us": 3_000_000}
    assert lines[1]["data"]["label"] == "frustrated"
    assert lines[1]["data"]["probability"] is None


def test_numbers_are_rounded_to_six_decimals_and_never_minus_zero() -> None:
    reading: Signal = replace(
        signal("p1", 0, 0.9),
        labels={"frustrated": Estimate(2 / 3, 1 / 3, 1.0)},
        dimensions={"valence": Estimate(-1e-9, -0.1, 0.1)},
    )
    data: Any = envelopes().sample(0, reading, GROUNDS)["data"]
    assert data["probability"] == 0.666667
    assert data["interval"] == [0.333333, 1.0]
    assert str(data["dimensions"]["valence"]["value"]) == "0.0"


def test_consent_names_the_newest_receipt_and_that_of_every_modality() -> None:
    voice = replace(CONSENT, modality="voice", receipt_id="r-9", version=3)
    grounds = replace(GROUNDS, consents={"voice": voice, "face": CONSENT})
    data: Any = envelopes().sample(0, signal("p1", 0, 0.9), grounds)["data"]
    assert data["consent"] == {
        "receipt_id": "r-9",
        "version": 3,
        "receipts": {"face": "r-7", "voice": "r-9"},
    }


def test_without_consent_the_block_says_null() -> None:
    data: Any = envelopes().sample(0, signal("p1", 2, None), Grounds())["data"]
    assert data["consent"] is None
    assert data["audit"] == {"lease": None}


def test_live_delivery_adds_the_place_in_the_log_and_the_latency() -> None:
    live = replace(GROUNDS, audit=(12, "cd" * 32), latency_us=180_000)
    line: Any = envelopes().sample(0, signal("p1", 0, 0.9), live)
    assert line["data"]["audit"] == {"lease": "p1/0", "seq": 12, "hash": "cd" * 32}
    check_line(line)


def test_law_comes_before_product_policy_in_a_refusal() -> None:
    data: Any = envelopes().refused(0, "p2", RULING, ("text", "telemetry"))["data"]
    assert [one["layer"] for one in data["rulings"]] == ["law", "product"]
    assert data["downgraded_to"] == ["text", "telemetry"]
    assert data["rulings"][0]["applies_from"] == "2025-02-02"


def test_identifiers_are_escaped_in_paths() -> None:
    line = envelopes().consent_changed(0, replace(CONSENT, participant_id="p/1"))
    assert line["source"] == "/deployments/d1/calls/c%201"
    assert line["subject"] == "participants/p%2F1"


def test_a_reading_of_a_stranger_is_refused() -> None:
    with pytest.raises(UsageError, match="not on call"):
        envelopes().sample(0, signal("p9", 0, 0.9), GROUNDS)


@pytest.mark.parametrize("bad", [{"level": "secret"}, {"regulations": ("GDPR", "XYZ")}, {"categories": ("biometric",)}])
def test_a_classification_that_a_strict_receiver_would_reject_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is not known"):
        Classification(**bad)


def test_what_is_not_a_number_never_reaches_a_line() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_line({"x": float("nan")})
