import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from countenance.contracts.call import Purpose
from countenance.contracts.readings import Estimate, Event, Signal
from countenance.contracts.trust import Consent, ConsentStatus
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.surface.files import EVENTS, READINGS, CallFiles
from countenance.surface.findings import availability, moments, shares, stretches
from countenance.surface.record import CallRecord, ModalityRecord, Use
from countenance.surface.schemas import SUMMARY
from countenance.surface.series import episodes_of, read_episodes, read_series, series_of
from countenance.surface.summary import summarise, write_summary
from countenance.testing.grounds import CALL
from countenance.testing.lines import check_value
from countenance.testing.records import made_record
from countenance.testing.sinks import sample_readings, signal

S = 1_000_000


@pytest.fixture(name="record", scope="module")
def made() -> CallRecord:
    return made_record()


def test_the_summary_holds_to_its_closed_schema(record: CallRecord, tmp_path: Path) -> None:
    write_summary(record, tmp_path / "summary.json")
    check_value(json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")), SUMMARY)


def test_a_record_of_nothing_still_has_a_summary(record: CallRecord) -> None:
    bare = replace(record, series=(), episodes=(), models=(), transcript=(), gaps=(), audit=None, taxonomies={})
    check_value(json.loads(json.dumps(summarise(bare))), SUMMARY)


def test_the_states_of_a_call_add_up_to_its_duration(record: CallRecord) -> None:
    for series in record.series:
        divided = shares(series, record.duration_us)
        parts = sum(divided.labels.values()) + divided.unclear_us + sum(divided.not_sure.values())
        assert parts + divided.not_read_us == record.duration_us


def test_unsure_time_is_counted_by_its_reason(record: CallRecord) -> None:
    engagement = next(one for one in record.series if one.taxonomy == "engagement.v1")
    assert shares(engagement, record.duration_us).not_sure == {"silence": 12 * S, "no_face": 5 * S}


def test_overlapping_windows_count_every_moment_once() -> None:
    ticks = [replace(signal("p1", second, 0.9), start_us=max(0, second - 2) * S) for second in range(10)]
    (series,) = series_of(ticks)
    assert shares(series, 10 * S).labels["frustrated"] == 10 * S


def test_a_hole_between_ticks_cuts_a_stretch() -> None:
    (series,) = series_of([signal("p1", 0, 0.9), signal("p1", 5, 0.9)])
    assert [(one.start_us, one.end_us) for one in stretches(series)] == [(0, S), (5 * S, 6 * S)]
    assert shares(series, 6 * S).not_read_us == 4 * S


def test_the_spike_is_a_moment_with_the_words_that_were_said(record: CallRecord) -> None:
    spike = next(one for one in moments(record) if one.label == "frustrated")
    assert 30 * S <= spike.start_us <= 36 * S
    assert spike.quote == "I have told you this three times now."


def test_moments_of_events_come_before_surer_ones(record: CallRecord) -> None:
    def said(start: int, label: str, value: float) -> list[Signal]:
        made = [signal("p-ana", second, 0.9) for second in range(start, start + 4)]
        return [replace(one, labels={label: Estimate(value, value - 0.1, value + 0.1)}, label=label) for one in made]

    readings = said(0, "frustrated", 0.5)
    for place in range(1, 8):
        readings += said(4 * place, "confused" if place % 2 else "engaged", 0.9)
    raised = [replace(record.episodes[0], start_us=2 * S, end_us=3 * S)]
    found = moments(replace(record, series=series_of(readings), episodes=tuple(raised), duration_us=32 * S))
    assert len(found) == 5
    assert found[0].label == "frustrated"


def test_the_usual_state_is_no_moment(record: CallRecord) -> None:
    assert "engaged" not in {one.label for one in moments(record)}


def test_series_from_the_lines_on_disk_equal_series_from_memory(tmp_path: Path) -> None:
    readings = sample_readings()
    with CallFiles(tmp_path, Envelopes(CALL), lambda _: Grounds()) as sink:
        for reading in readings:
            sink.deliver(reading)
    samples = [one for one in readings if isinstance(one, Signal)]
    for ours, theirs in zip(series_of(samples), read_series(tmp_path / READINGS), strict=True):
        assert (ours.participant_id, ours.taxonomy, ours.leading, ours.reasons) == (
            theirs.participant_id,
            theirs.taxonomy,
            theirs.leading,
            theirs.reasons,
        )
        for name, curve in ours.labels.items():
            assert curve.value.tobytes() == theirs.labels[name].value.tobytes()
    events = [one for one in readings if isinstance(one, Event)]
    assert read_episodes(tmp_path / EVENTS) == episodes_of(events)


def test_an_event_without_an_end_stays_open() -> None:
    started = next(one for one in sample_readings() if isinstance(one, Event))
    (episode,) = episodes_of([started])
    assert (episode.end_us, episode.raised_us) == (None, S)


def answers(*statuses: ConsentStatus) -> tuple[Consent, ...]:
    return tuple(
        Consent("p1", "face", Purpose.SUPPORT_QA, status, 30 * S * place, "r") for place, status in enumerate(statuses)
    )


GIVEN, REFUSED, WITHDRAWN, EXPIRED = (
    ConsentStatus.GIVEN,
    ConsentStatus.REFUSED,
    ConsentStatus.WITHDRAWN,
    ConsentStatus.EXPIRED,
)


@pytest.mark.parametrize(
    ("statuses", "use"),
    [
        ((), Use.NOT_ASKED),
        ((GIVEN,), Use.READ),
        ((REFUSED,), Use.DECLINED),
        ((WITHDRAWN,), Use.DECLINED),
        ((GIVEN, WITHDRAWN), Use.STOPPED),
        ((GIVEN, EXPIRED), Use.STOPPED),
        ((REFUSED, GIVEN), Use.READ),
    ],
)
def test_what_became_of_a_modality_follows_the_answers(
    record: CallRecord, statuses: tuple[ConsentStatus, ...], use: Use
) -> None:
    allowed = record.participants[0].modalities[0].ruling
    assert ModalityRecord("face", allowed, answers(*statuses)).use is use


def test_a_refusal_of_the_gate_outweighs_consent(record: CallRecord) -> None:
    denied = record.participants[1].modalities[0].ruling
    assert ModalityRecord("face", denied, answers(GIVEN)).use is Use.REFUSED


def test_a_recording_without_the_track_is_absent(record: CallRecord) -> None:
    allowed = record.participants[0].modalities[0].ruling
    assert ModalityRecord("face", allowed, answers(GIVEN), present=False).use is Use.ABSENT


def test_a_modality_over_the_call_is_read_gone_dark_and_off(record: CallRecord) -> None:
    face = record.participants[0].modalities[0]
    pieces = [
        (one.start_us // S, one.end_us // S, one.state, one.reason) for one in availability(record, "p-ana", face)
    ]
    assert pieces == [
        (0, 20, "read", ""),
        (20, 28, "gap", "no_face"),
        (28, 52, "read", ""),
        (52, 57, "gap", "low_light"),
        (57, 60, "read", ""),
        (60, 90, "off", "stopped"),
    ]


def test_consent_in_the_middle_opens_the_modality_from_there(record: CallRecord) -> None:
    allowed = record.participants[0].modalities[0].ruling
    late = ModalityRecord("text", allowed, answers(REFUSED, GIVEN))
    pieces = [(one.start_us // S, one.state) for one in availability(record, "p-ana", late)]
    assert pieces == [(0, "off"), (30, "read")]


def test_where_no_consent_is_needed_silence_is_enough_and_a_refusal_still_counts(record: CallRecord) -> None:
    counted = record.participants[1].modalities[3]
    assert counted.use is Use.READ
    assert [one.state for one in availability(record, "p-ben", counted)] == ["read"]
    assert replace(counted, consents=answers(REFUSED)).use is Use.DECLINED
    assert not record.participants[1].was_read


def test_retention_is_the_shortest_that_a_ruling_demands(record: CallRecord) -> None:
    person = record.participants[0]
    first = person.modalities[0]
    short = replace(first, ruling=replace(first.ruling, duties=replace(first.ruling.duties, retention_days=7)))
    assert (
        replace(record, participants=(replace(person, modalities=(short, *person.modalities[1:])),)).retention_days == 7
    )
    assert replace(record, participants=()).retention_days is None


def test_the_summary_states_the_refusal_with_its_citation(record: CallRecord) -> None:
    summary: Any = summarise(record)
    face = summary["participants"][1]["modalities"][0]
    assert face["use"] == "refused"
    assert face["ruling"]["verdicts"][0]["citation"] == "Regulation (EU) 2024/1689, Article 5(1)(f)"
    assert summary["transcript"] == {"read": 4, "not_scored": 1, "hidden": 3}
