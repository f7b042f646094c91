from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from countenance.capture.transcripts import read_transcript
from countenance.contracts.call import Participant, Role
from countenance.deployment import read_deployment
from countenance.testing.sample_call import make
from countenance.testing.sample_call.make import DEPLOYMENT, TRANSCRIPT, make_sample_call
from countenance.testing.sample_call.script import Line, Script, parse_script, read_script, script_text

GRID_MS = 100


def short(script: Script) -> Script:
    """Three seconds of the call: long enough to look at, quick to make."""
    return replace(script, length=3_000, lines=(Line("Ana", 500, 1_600, "I was looking at my invoice."),))


@pytest.fixture
def short_call(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = short(read_script())
    monkeypatch.setattr(make, "read_script", lambda _name: script)
    return script


def test_the_script_keeps_to_its_grid_and_its_length() -> None:
    script = read_script()
    assert 100_000 <= script.length <= 120_000
    for line in script.lines:
        assert line.start % GRID_MS == line.end % GRID_MS == 0
        assert 0 < line.start < line.end < script.length
    for gap in script.gaps:
        assert gap.start % 1_000 == gap.end % 1_000 == 0


def test_nobody_talks_over_themselves_and_turns_stay_apart() -> None:
    script = read_script()
    for person in script.people:
        lines = script.lines_of(person.name)
        for before, after in pairwise(lines):
            between = [one for one in script.lines if one.who != person.name and one.start < after.start]
            answered = any(one.end > before.end for one in between)
            assert after.start - before.end >= (0 if answered else 1_500), after.text


def test_the_script_holds_what_the_demo_promises() -> None:
    script = read_script()
    assert script.silences(3_000) == ((27_000, 35_000),)
    assert script.interruptions() == (("Ana", "Ben"),)
    assert [(gap.start, gap.end, gap.reason) for gap in script.gaps] == [
        (34_000, 42_000, "no_face"),
        (50_000, 56_000, "low_light"),
        (62_000, 66_000, "occluded"),
    ]
    assert script.person("Ana").withdrawn_at("face") == 84_000
    assert script.person("Ana").withdrawn_at("voice") is None
    assert [line.meant for line in script.lines if line.meant] == ["confused", "confused", "frustrated", "frustrated"]


def test_an_unknown_table_or_key_in_the_script_is_named() -> None:
    with pytest.raises(TypeError, match="'weather'"):
        parse_script(script_text() + "\n[weather]\nrain = true\n")
    with pytest.raises(TypeError, match="loud"):
        parse_script(script_text().replace('mood = "upset"', 'loud = "very"', 1))


def test_silence_counts_at_both_ends_of_the_call() -> None:
    script = replace(read_script(), length=10_000, lines=(Line("Ana", 4_000, 5_000, "Hi."),))
    assert script.silences(4_000) == ((0, 4_000), (5_000, 10_000))
    assert script.silences(4_500) == ((5_000, 10_000),)


def test_the_transcript_reads_back_as_the_script(tmp_path: Path) -> None:
    script = read_script()
    path = tmp_path / TRANSCRIPT
    path.write_text(make.transcript_text(script), encoding="utf-8")
    people = [Participant(f"p_{n}", one.name, Role(one.role)) for n, one in enumerate(script.people)]
    names = {person.id: person.name for person in people}
    said = read_transcript(path, people)
    wanted = sorted((line.start * 1000, line.end * 1000, line.who, line.text) for line in script.lines)
    assert sorted((one.start_us, one.end_us, names[one.participant_id], one.text) for one in said) == wanted


def test_the_deployment_reads_back_as_the_script(tmp_path: Path) -> None:
    script = read_script()
    path = tmp_path / DEPLOYMENT
    path.write_text(make.deployment_text(script), encoding="utf-8")
    deployment = read_deployment(path)
    assert (deployment.purpose, deployment.jurisdictions) == (script.purpose, script.jurisdictions)
    assert (deployment.on, deployment.started) == (script.on, script.started)
    assert deployment.transcript == tmp_path / TRANSCRIPT
    assert [(one.name, one.role, one.consent) for one in deployment.participant] == [
        (one.name, one.role, one.consent) for one in script.people
    ]
    assert [one.media for one in deployment.participant] == [tmp_path / "ana.webm", tmp_path / "ben.webm"]
    assert [(one.modality, one.at) for one in deployment.participant[0].withdraw] == [("face", 84_000_000)]


def test_the_recordings_open_with_picture_and_sound_of_the_right_length(tmp_path: Path, short_call: Script) -> None:
    call = make_sample_call(tmp_path)
    for person in short_call.people:
        with av.open(call.media[person.name]) as file:
            assert file.duration == pytest.approx(short_call.length * 1000, abs=20_000)
            video, audio = file.streams.video[0], file.streams.audio[0]
            assert (video.codec_context.name, audio.codec_context.name) == ("vp8", "opus")
            assert (video.width, video.height) == (640, 360)
            times = [frame.time for frame in file.decode(video)]
        assert len(times) == short_call.length * person.fps // 1000
        step = float(Fraction(1, person.fps))
        assert times == pytest.approx([index * step for index in range(len(times))], abs=0.001)


def test_a_call_made_twice_is_the_same_bytes_and_the_second_time_it_is_found(
    tmp_path: Path, short_call: Script
) -> None:
    first, elsewhere = make_sample_call(tmp_path / "a"), make_sample_call(tmp_path / "b")
    again = make_sample_call(tmp_path / "a")
    assert (first.fresh, elsewhere.fresh, again.fresh) == (True, True, False)
    assert again.script == short_call
    names = sorted(path.name for path in first.folder.iterdir())
    assert names == ["ana.webm", "ben.webm", "call.vtt", "deployment.toml", "made-from.sha256"]
    for name in names:
        assert (first.folder / name).read_bytes() == (elsewhere.folder / name).read_bytes(), name


def test_a_call_from_other_code_or_with_a_file_gone_is_made_anew(
    tmp_path: Path, short_call: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[str] = []

    def record(script: Script, name: str, path: Path) -> None:
        assert script == short_call
        recorded.append(name)
        path.write_bytes(b"made")

    monkeypatch.setattr(make, "record", record)
    call = make_sample_call(tmp_path)
    call.media["Ben"].unlink()
    assert make_sample_call(tmp_path).fresh
    monkeypatch.setattr(make, "source_digest", lambda _name: "other")
    assert make_sample_call(tmp_path).fresh
    assert not make_sample_call(tmp_path).fresh
    assert sorted(recorded) == ["Ana"] * 3 + ["Ben"] * 3


def test_a_failed_recording_leaves_nothing_that_looks_whole(
    tmp_path: Path, short_call: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(script: Script, name: str, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(f"no space left for {name} of {script.id}")

    monkeypatch.setattr(make, "record", record)
    with pytest.raises(OSError, match="no space left"):
        make_sample_call(tmp_path)
    assert not list(tmp_path.glob("*.webm"))
    assert not (tmp_path / make.DIGEST).exists()
