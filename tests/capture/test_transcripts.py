import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.capture.transcripts import read_transcript, turns
from countenance.contracts.call import Participant, Role
from countenance.contracts.errors import TranscriptError
from countenance.contracts.media import Utterance
from countenance.contracts.telemetry import Stretch

ANA = Participant("p1", "Ana", Role.CUSTOMER)
BEN = Participant("p2", "Ben Ito", Role.AGENT)
BOTH = (ANA, BEN)

VTT = """WEBVTT - a call
Kind: captions

STYLE
::cue { color: red }

NOTE Ana: this is no cue

intro
00:01.000 --> 00:02.500 align:start position:0%
<v.loud Ana>Hello &amp; <i>welcome</i>,
Ben</v>

01:00:00.000 --> 01:00:01.000
ben ito:  Thank you<00:00:00.500>.

00:03.000 --> 00:04.000
<v Ana>Yes?</v> <v Ben Ito>No.</v>
"""

SRT = """1
00:00:01,000 --> 00:00:02,500
Ana: {\\an8}Hello,
<i>Ben</i>

2
00:00:02,000 --> 00:00:03,000
- Ben Ito: One moment: please
- Ana: Fine
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def line(**entry: object) -> str:
    return json.dumps({"speaker": "Ana", "start": 0, "end": 1, "text": "Hello"} | entry)


def said(who: str, start: float, end: float, text: str) -> Utterance:
    return Utterance(f"{who}/text", who, round(start * 1e6), round(end * 1e6), text)


def test_webvtt_gives_voices_prefixes_and_long_hours_without_markup(tmp_path: Path) -> None:
    assert read_transcript(write(tmp_path, "call.vtt", VTT), BOTH) == (
        said("p1", 1, 2.5, "Hello & welcome, Ben"),
        said("p1", 3, 4, "Yes?"),
        said("p2", 3, 4, "No."),
        said("p2", 3600, 3601, "Thank you."),
    )


def test_srt_gives_each_line_to_the_one_who_spoke_it(tmp_path: Path) -> None:
    assert read_transcript(write(tmp_path, "call.srt", SRT), BOTH) == (
        said("p1", 1, 2.5, "Hello, Ben"),
        said("p1", 2, 3, "Fine"),
        said("p2", 2, 3, "One moment: please"),
    )


def test_json_lines_take_seconds_and_clocks_and_carry_confidence_and_language(tmp_path: Path) -> None:
    lines = [
        line(start="00:00:05.250", end="00:06.5"),
        line(speaker=" ben  ITO ", start=1, end=2.5, text="Hm", confidence=0.5, language="en", id=7),
    ]
    assert read_transcript(write(tmp_path, "call.jsonl", "\n\n".join(lines)), BOTH) == (
        Utterance("p2/text", "p2", 1_000_000, 2_500_000, "Hm", 0.5, "en"),
        said("p1", 5.25, 6.5, "Hello"),
    )


@pytest.mark.parametrize(("name", "text"), [("a.txt", VTT), ("b.vtt", SRT), ("c.srt", line()), ("d", SRT)])
def test_the_content_says_the_format_whatever_the_name(tmp_path: Path, name: str, text: str) -> None:
    assert read_transcript(write(tmp_path, name, text), BOTH)


@pytest.mark.parametrize("text", [VTT, SRT, line()])
def test_a_byte_order_mark_and_windows_or_old_mac_newlines_change_nothing(tmp_path: Path, text: str) -> None:
    plain = read_transcript(write(tmp_path, "plain", text), BOTH)
    windows = write(tmp_path, "windows", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    mac = write(tmp_path, "mac", text.replace("\n", "\r"))
    assert read_transcript(windows, BOTH) == read_transcript(mac, BOTH) == plain


def test_overlapping_and_disordered_lines_come_sorted(tmp_path: Path) -> None:
    lines = [line(start=5, end=9), line(start=1, end=8, speaker="Ben Ito"), line(start=1, end=3)]
    found = read_transcript(write(tmp_path, "a.jsonl", "\n".join(lines)), BOTH)
    assert [(u.start_us, u.end_us) for u in found] == [
        (1_000_000, 3_000_000),
        (1_000_000, 8_000_000),
        (5_000_000, 9_000_000),
    ]


def test_a_map_says_who_a_speaker_is_by_name_or_id_and_whom_to_leave_out(tmp_path: Path) -> None:
    lines = [line(speaker="Speaker 1"), line(speaker="SPEAKER 2"), line(speaker="Notetaker")]
    path = write(tmp_path, "a.jsonl", "\n".join(lines))
    found = read_transcript(path, BOTH, {"Speaker 1": "ana", "speaker 2": "p2", "Notetaker": ""})
    assert [u.participant_id for u in found] == ["p1", "p2"]


def test_a_map_to_somebody_who_is_not_on_the_call_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"'S1' is mapped to 'Eve', who is not on the call. On it: Ana, Ben Ito"):
        read_transcript(write(tmp_path, "a.jsonl", line()), BOTH, {"S1": "Eve"})


def test_an_unknown_speaker_is_named_with_all_speakers_participants_and_the_nearest(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Hi\n\n00:02.000 --> 00:03.000\n<v Ana>Hi"
    )
    with pytest.raises(TranscriptError) as caught:
        read_transcript(path, BOTH)
    assert str(caught.value) == (
        f"{path}: line 3: speaker 'Anna' is nobody on the call (speakers: Ana, Anna; participants: Ana, Ben Ito). "
        'Nearest: add speakers = { "Anna" = "Ana" } to the deployment file.'
    )


def test_a_speaker_with_a_line_break_in_the_name_makes_no_second_line(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(write(tmp_path, "a.jsonl", line(speaker="Q\nX")), BOTH)
    assert "\n" not in str(caught.value)


def test_a_speaker_near_nobody_is_still_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match='or "" to leave them out'):
        read_transcript(write(tmp_path, "a.jsonl", line(speaker="Qrwx")), BOTH)


def test_words_without_a_speaker_belong_to_the_only_participant_or_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nat 10:30 then\n")
    assert read_transcript(path, (ANA,)) == (said("p1", 1, 2, "at 10:30 then"),)
    with pytest.raises(TranscriptError, match="line 2: names no speaker"):
        read_transcript(path, BOTH)


def test_a_cue_right_under_the_header_is_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path, "a.vtt", "WEBVTT\n00:01.000 --> 00:02.000\nAna: Hi\n")
    assert read_transcript(path, BOTH) == (said("p1", 1, 2, "Hi"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("WEBVTT\n\n00:02.000 --> 00:02.000\nAna: Hi", "line 3: ends at 2 s but begins at 2 s"),
        ("WEBVTT\n\n00:03.000 --> 00:02.000\nAna: Hi", "line 3: ends at 2 s but begins at 3 s"),
        ("WEBVTT\n\nid\n00:0x.000 --> 00:02.000\nAna: Hi", "line 4: '00:0x.000' is not a time"),
        ("WEBVTT\n\n00:61.000 --> 00:02.000\nAna: Hi", "line 3: '00:61.000' is not a time"),
        ("WEBVTT\n\n00:01.000 -->\nAna: Hi", "line 3: '' is not a time"),
        ("WEBVTT\n\n900:00:01.000 --> 900:00:02.000\nAna: Hi", "line 3: '900:00:01.000' is later than any call"),
        ("WEBVTT\n\nAna: Hi", "line 3: words without a time line"),
        ("1\n00:00:02,000 --> 00:00:01,000\nAna: Hi", "line 2: ends at 1 s but begins at 2 s"),
        (line(start=True), "line 1: True is not a time"),
        ("\n" + line(start=-1), "line 2: -1 is not a time"),
        (line(end=float("inf")), "line 1: inf is not a time"),
        (line(end=10**400), "is not a time"),
        (line(end="soon"), "line 1: 'soon' is not a time"),
        (line(end=0), "line 1: ends at 0 s but begins at 0 s"),
        (line(end=None), "line 1: 'end' is missing"),
        (line(text=3), "line 1: text is not text"),
        (line(confidence=2), "line 1: confidence 2 is not within 0..1"),
        (line() + "\n{oops", "line 2: not JSON"),
        (line() + "\n[1]", "line 2: not an object"),
        (line() + "\n" + "[" * 100_000, "line 2: not JSON"),
        (line(text="  "), "nobody says anything in it"),
        ("WEBVTT\n", "nobody says anything in it"),
        ("", "empty"),
        ("  \n", "empty"),
        ("Dear Ana,\nhow are you?", "neither WebVTT nor SRT nor JSON lines"),
        ("é".encode("latin-1") + b"\n", "line 1: not UTF-8"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nAna: caf\xe9\n", "line 3: not UTF-8"),
        (VTT.encode("utf-16"), "written in UTF-16"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line_with_its_place(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    path = write(tmp_path, "call", text)
    with pytest.raises(TranscriptError) as caught:
        read_transcript(path, BOTH)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_a_vtt_file_without_its_first_line_is_told(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="begins with WEBVTT"):
        read_transcript(write(tmp_path, "a.vtt", "Ana: hello"), BOTH)


def test_a_missing_transcript_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="no such file"):
        read_transcript(tmp_path / "no.vtt", BOTH)
    with pytest.raises(TranscriptError, match="cannot be read"):
        read_transcript(tmp_path, BOTH)


@given(
    st.text(max_size=200),
    st.sampled_from(["vtt", "srt", "jsonl", "txt"]),
    st.sampled_from(["", "WEBVTT\n\n", "1\n0:00 -->"]),
)
def test_no_text_at_all_makes_the_reader_fail_in_another_way(
    tmp_path_factory: pytest.TempPathFactory, text: str, extension: str, head: str
) -> None:
    path = write(tmp_path_factory.mktemp("any"), f"a.{extension}", (head + text).encode("utf-8", "surrogatepass"))
    complaint = None
    try:
        assert read_transcript(path, BOTH)
    except TranscriptError as error:
        complaint = str(error)
    assert complaint is None or complaint.startswith(f"{path}: ")


def test_markup_that_never_closes_is_read_in_linear_time(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nAna: " + "<" * 50_000 + "<v" + ".a" * 50_000 + " " * 50_000
    assert read_transcript(write(tmp_path, "a.vtt", text), BOTH)


def test_turns_say_who_spoke_when_without_the_words(tmp_path: Path) -> None:
    found = turns(read_transcript(write(tmp_path, "call.srt", SRT), BOTH))
    assert found == (
        Stretch(1_000_000, 2_500_000, "p1", "transcript"),
        Stretch(2_000_000, 3_000_000, "p1", "transcript"),
        Stretch(2_000_000, 3_000_000, "p2", "transcript"),
    )
