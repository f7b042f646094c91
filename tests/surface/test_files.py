import json
from dataclasses import replace
from pathlib import Path

import pytest

from countenance.contracts.readings import Reading
from countenance.contracts.trust import ConsentStatus
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.surface.files import EVENTS, READINGS, CallFiles, JsonLines, OutputError, Position, read_lines
from countenance.testing.grounds import CALL, CONSENT, GROUNDS, RULING
from countenance.testing.lines import check_line
from countenance.testing.sinks import sample_readings, signal


def grounds(reading: Reading) -> Grounds:
    return GROUNDS


def files(folder: Path, at: Position | None = None) -> CallFiles:
    return CallFiles(folder, Envelopes(CALL), grounds, at or Position())


def whole(folder: Path) -> tuple[bytes, bytes]:
    return (folder / READINGS).read_bytes(), (folder / EVENTS).read_bytes()


def tell_everything(sink: CallFiles) -> None:
    sink.refused("p2", RULING, ("text",))
    for reading in sample_readings():
        sink.deliver(reading)
    sink.consent_changed(replace(CONSENT, status=ConsentStatus.WITHDRAWN, at_us=2_000_000))
    sink.summarised(4_000_000)


def test_samples_and_happenings_go_to_their_own_files_and_hold_to_their_schemas(tmp_path: Path) -> None:
    with files(tmp_path) as sink:
        tell_everything(sink)
    samples, happenings = list(read_lines(tmp_path / READINGS)), list(read_lines(tmp_path / EVENTS))
    for line in (*samples, *happenings):
        check_line(line)
    assert {line["type"] for line in samples} == {"io.countenance.signal.sample.v1"}
    assert [line["type"].removeprefix("io.countenance.") for line in happenings] == [
        "policy.refused.v1",
        "signal.frustration_spike.started.v1",
        "signal.frustration_spike.ended.v1",
        "consent.changed.v1",
        "call.summary.v1",
    ]
    sequences = sorted(line["sequence"] for line in (*samples, *happenings))
    assert sequences == [f"{number:012d}" for number in range(len(sequences))]


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with files(tmp_path / name) as sink:
            tell_everything(sink)
    assert whole(tmp_path / "one") == whole(tmp_path / "two")


def test_everything_told_twice_is_written_once(tmp_path: Path) -> None:
    with files(tmp_path) as sink:
        tell_everything(sink)
        once = whole(tmp_path)
        tell_everything(sink)
    assert whole(tmp_path) == once


@pytest.mark.parametrize("cut", range(7))
def test_a_run_resumed_at_any_reading_equals_a_run_in_one_go(tmp_path: Path, cut: int) -> None:
    readings = sample_readings()
    with files(tmp_path / "go") as sink:
        for reading in readings:
            sink.deliver(reading)
    with files(tmp_path / "halves") as sink:
        for reading in readings[:cut]:
            sink.deliver(reading)
        saved = json.loads(json.dumps(sink.position().as_json()))
        for reading in readings[cut : cut + 1]:
            sink.deliver(reading)
    with (tmp_path / "halves" / READINGS).open("a") as torn:
        torn.write('{"torn')
    with files(tmp_path / "halves", Position(**saved)) as sink:
        for reading in readings:
            sink.deliver(reading)
    assert whole(tmp_path / "go") == whole(tmp_path / "halves")


def test_a_line_is_on_disk_before_deliver_returns(tmp_path: Path) -> None:
    with files(tmp_path) as sink:
        sink.deliver(signal("p1", 0, 0.9))
        assert len((tmp_path / READINGS).read_text().splitlines()) == 1


def test_a_checkpoint_beyond_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="checkpoint says 99"):
        files(tmp_path, Position(readings=99))


def test_a_checkpoint_of_another_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="checkpoint says 3"):
        files(tmp_path, Position(sequence=3))


def test_a_torn_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / READINGS
    path.write_text('{"a":1}\n{"b"')
    with pytest.raises(OutputError, match="line 2"):
        list(read_lines(path))


def test_lines_are_appended_after_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    for value in (1, 2):
        lines = JsonLines(path)
        lines.append({"v": value})
        lines.close()
    assert path.read_text() == '{"v":1}\n{"v":2}\n'
