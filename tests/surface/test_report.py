import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from countenance.contracts.media import SECOND_US, Missing
from countenance.contracts.telemetry import CallTelemetry
from countenance.surface import view, words
from countenance.surface.drawing import POINTS, curve, holes, runs, thin
from countenance.surface.findings import quote
from countenance.surface.record import CallRecord, Line, LineStatus
from countenance.surface.report import render, write_report
from countenance.surface.series import series_of
from countenance.testing.records import made_record
from countenance.testing.sinks import signal

S = SECOND_US
HOSTILE = "<script>alert(1)</script>\"'&</style>"


@pytest.fixture(name="record", scope="module")
def made() -> CallRecord:
    return made_record()


@pytest.fixture(name="page", scope="module")
def rendered(record: CallRecord) -> str:
    return render(record)


def shown(page: str) -> str:
    """The text of a page without its tags."""
    body = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", body))


def test_the_page_and_the_summary_are_written_side_by_side(record: CallRecord, tmp_path: Path) -> None:
    page = write_report(record, tmp_path / "report")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))["retention_days"] == 30


def test_the_same_record_gives_the_same_bytes(page: str) -> None:
    assert render(made_record()) == page


def test_the_sentence_that_these_are_signals_stands_first(page: str) -> None:
    text = shown(page)
    assert text.index("Signals, not feelings.") < text.index("At a glance")
    assert words.NOT_EMPLOYMENT in text


@pytest.mark.parametrize(
    "sentence",
    [
        "Read as engaged for most of the time that could be read.",
        "probably frustrated, high certainty",
        "camera: no face in the picture",
        "camera: not enough light",
        "consent withdrawn at 1:00",
        "not read: not permitted",
        "Regulation (EU) 2024/1689, Article 5(1)(f) (law)",
        "not shown: no consent",
        "frustration spike: probably frustrated, high certainty, from words of annoyance and lowered brows",
        "not scored: language not known to the model",
        "Ana spoke for more than half of the time in which anyone spoke.",
        "22 November 2026, 09:30 UTC",
        "at most 30 days",
        "Turn-taking counted",
        "turn-taking counted; no consent is needed",
        "Counting who spoke when reads nothing about anybody.",
        "countenance audit verify store/log --completeness",
        "always guessing the commonest gives 0.25",
    ],
)
def test_the_page_says_in_plain_words(page: str, sentence: str) -> None:
    assert sentence in shown(page)


def test_no_percentage_stands_without_words(page: str) -> None:
    for found in re.finditer(r"(\S+ \S+) \(?\d+ ?%\)?", shown(page)):
        assert found.group(1) in {"than half", "a third", "about half", "a fifth"}


def test_the_page_holds_no_emoji_and_claims_nothing_inside_anyone(page: str) -> None:
    assert not re.search("[\U0001f300-\U0001faff\u2600-\u27bf]", page)
    assert not re.search(r"\bfeels?\b|true emotion", page, re.IGNORECASE)


def test_nothing_on_the_page_asks_the_network(page: str) -> None:
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "url(http" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"\son[a-z]+=", page)


def test_names_words_and_ids_cannot_inject_anything(record: CallRecord) -> None:
    hostile = made_record(HOSTILE, HOSTILE)
    hostile = replace(hostile, call=replace(hostile.call, id=HOSTILE), settings={HOSTILE: HOSTILE})
    page = render(hostile)
    assert "<script>alert" not in page
    assert page.count("<script") == render(record).count("<script")
    assert page.count("</style>") == 1
    data: Any = json.loads(re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)[0])
    assert data["people"][0]["name"] == HOSTILE


def test_hidden_words_are_nowhere_on_the_page(record: CallRecord) -> None:
    lines = tuple(
        replace(line, text="SECRET") if line.status is LineStatus.HIDDEN else line for line in record.transcript
    )
    assert "SECRET" not in render(replace(record, transcript=lines))


def test_a_call_of_which_nothing_was_read_still_has_a_page(record: CallRecord) -> None:
    bare = replace(
        record,
        series=(),
        episodes=(),
        gaps=(),
        transcript=(),
        models=(),
        audit=None,
        settings={},
        processing={},
        call=replace(record.call, started_at=None),
        telemetry=CallTelemetry(record.duration_us, (), (), ()),
    )
    text = shown(render(bare))
    assert "Only who spoke when is shown" in text
    assert "Who spoke when is not known" in text
    assert "There is no transcript" in text
    assert "No model ran" in text


def test_a_line_is_never_drawn_over_a_gap(record: CallRecord) -> None:
    engagement = next(one for one in record.series if one.taxonomy == "engagement.v1")
    drawn = engagement.labels["frustrated"]
    assert [(one.start, one.stop) for one in runs(drawn.value)] == [(0, 23), (28, 74), (86, 90)]
    assert holes(engagement, drawn, 90 * S) == [(25.556, 5.556), (82.222, 13.333)]


def test_many_gaps_are_cut_to_the_longest_and_the_rest_is_counted(record: CallRecord) -> None:
    short = tuple(Missing("p-ana", "voice", at * S, at * S + S // 2, "disagreement") for at in range(10, 50, 2))
    ana = view.people(replace(record, gaps=(*record.gaps, *short)))[0]
    assert len(ana.gaps) == view.GAPS
    assert ana.shorter_gaps == 23 - view.GAPS
    assert [one.at for one in ana.gaps] == sorted(one.at for one in ana.gaps)
    assert {0.5, 8.0} < {one.until - one.at for one in ana.gaps}


def test_where_windows_overlap_a_gap_keeps_its_full_width() -> None:
    ticks = [replace(signal("p1", at, None if at == 4 else 0.9), start_us=max(0, at - 2) * S) for at in range(10)]
    (series,) = series_of(ticks)
    assert holes(series, series.labels["engaged"], 10 * S) == [(40.0, 10.0)]


def test_a_single_second_is_drawn_over_its_whole_width() -> None:
    (series,) = series_of([signal("p1", 4, 0.5)])
    drawn = curve(series, series.labels["engaged"], 10 * S, 0.0, "engaged: steady")
    assert 'class="line" d="M400.0 50.0L450.0 50.0L500.0 50.0"' in drawn
    assert 'aria-label="engaged: steady"' in drawn


def test_time_before_the_first_and_after_the_last_tick_is_a_gap() -> None:
    (series,) = series_of([signal("p1", 4, 0.9), signal("p1", 5, 0.9)])
    assert holes(series, series.labels["engaged"], 10 * S) == [(0.0, 40.0), (60.0, 40.0)]


def test_a_long_call_is_thinned_and_keeps_the_outermost_band() -> None:
    ticks = [signal("p1", second, 0.9 if second == 1800 else 0.2) for second in range(3600)]
    (series,) = series_of(ticks)
    spans, value, _, high = thin(series, series.labels["frustrated"], 3600 * S)
    assert len(spans) == POINTS
    assert float(high.max()) == 1.0
    assert 0.2 < float(value.max()) < 0.9


@pytest.mark.parametrize(
    ("seconds", "marks"),
    [(0, ["0:00"]), (4, ["0:00", "0:01", "0:02", "0:03"]), (90, ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15"])],
)
def test_the_axis_has_few_round_marks(seconds: int, marks: list[str]) -> None:
    assert [text for _, text in view.ticks(seconds * S)] == marks


@pytest.mark.parametrize("hours", [1, 7, 13, 40])
def test_the_axis_of_a_long_call_has_few_marks(hours: int) -> None:
    assert len(view.ticks(hours * 3600 * S)) <= 7


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (words.clock(3_723 * S), "1:02:03"),
        (words.lasting(400_000), "0.4 s"),
        (words.lasting(18 * S), "18 s"),
        (words.lasting(90 * S), "1 min 30 s"),
        (words.lasting(120 * S), "2 min"),
        (words.lasting(3_720 * S), "1 h 2 min"),
        (words.listed(["a", "b", "c"]), "a, b and c"),
        (words.estimate("frustrated", 0.6, 0.4, 0.75), "probably frustrated, medium certainty"),
        (words.estimate("confused", 0.8, 0.75, 0.85), "very likely confused, high certainty"),
        (words.estimate("engaged", 0.1, 0.0, 0.9), "little sign of engaged, low certainty"),
        (words.share(0, 0), "none"),
        (words.gap("voice", "silence"), "voice: no speech"),
    ],
)
def test_values_are_said_in_words(value: str, said: str) -> None:
    assert value == said


def test_a_person_without_a_usual_state_is_said_to_have_none(record: CallRecord) -> None:
    readings = [signal("p-ana", second, 0.9 if second < 10 else 0.4) for second in range(30)]
    mixed = replace(record, series=series_of(readings), duration_us=30 * S)
    sentence = "Read as frustrated at times; no clear state for more than half of the time that could be read."
    assert sentence in shown(render(mixed))
    assert [one.label for one in view.moments_of(mixed)["p-ana"]] == ["frustrated"]


def test_two_who_speak_as_long_are_said_to(record: CallRecord) -> None:
    equal = tuple(replace(one, talk_us=40 * S, talk_share=0.5) for one in record.telemetry.talk)
    page = render(replace(record, telemetry=replace(record.telemetry, talk=equal)))
    assert "Ana and Ben spoke about equally long." in shown(page)


def test_a_reading_is_shown_with_the_words_just_before_it() -> None:
    lines = (
        Line("a", 0, 10 * S, "before", LineStatus.READ),
        Line("a", 12 * S, 16 * S, "just before", LineStatus.READ),
        Line("b", 17 * S, 30 * S, "another", LineStatus.READ),
        Line("a", 18 * S, 30 * S, "hidden", LineStatus.HIDDEN),
    )
    assert quote(lines, "a", 17 * S, 25 * S) == "just before"
    assert quote(lines, "a", 40 * S, 45 * S) == ""
