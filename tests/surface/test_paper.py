"""The review on paper: what its reader may see and nothing else, as text that machines and screen readers can read."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from countenance.contracts.readings import Abstain, Estimate, Event, ModalityUse, Phase, Reason, Signal
from countenance.surface.paper import paper
from countenance.surface.paper_blocks import Review, Said
from countenance.surface.paper_readings import MOST_ROWS
from countenance.surface.series import episodes_of, series_of
from countenance.surface.typesetting import to_pdf
from countenance.surface.wording import Wording

SECOND_US = 1_000_000
USE = {"face": ModalityUse(True, 1.0, 0.8)}
DENY = {"verdict": "deny", "reason": "people at work are not read", "citation": "Charter P07"}


def signal(second: int) -> Signal:
    start, end = second * SECOND_US, (second + 1) * SECOND_US
    if second in (4, 5):
        none = Abstain(Reason.LOW_LIGHT)
        return Signal("p_1", start, end, "engagement.v1", "cal", {}, {}, None, USE, abstain=none)
    high = second > 5
    labels = {
        "engaged": Estimate(0.2 if high else 0.7, 0.1, 0.8),
        "disengaged": Estimate(0.7 if high else 0.2, 0.6 if high else 0.1, 0.8 if high else 0.3),
    }
    return Signal("p_1", start, end, "engagement.v1", "cal", labels, {}, "disengaged" if high else "engaged", USE)


def modality(name: str, use: str) -> Mapping[str, Any]:
    return {"modality": name, "use": use, "ruling": {"verdicts": [DENY] if use == "refused" else []}}


def talk(share: float) -> Mapping[str, Any]:
    response = {"count": 1, "median_us": 1_500_000, "p90_us": None, "overlaps": 0}
    rest = {"longest_monologue": {"start_us": 0, "end_us": 5_000_000}, "interruptions": 0, "words_per_minute": None}
    return {"talk_us": 6_000_000, "talk_share": share, "response": response, **rest}


SUMMARY: Mapping[str, Any] = {
    "call": {"purpose": "sales_coaching", "started_at": "2026-11-23T09:30:00Z", "duration_us": 10 * SECOND_US},
    "participants": [
        {
            "participant_id": "p_1",
            "role": "customer",
            "modalities": [modality("face", "read"), modality("telemetry", "read")],
            "talk": talk(0.6),
        },
        {"participant_id": "p_2", "role": "agent", "modalities": [modality("face", "refused")]},
    ],
    "dead_air_us": 0,
    "models": [
        {
            "id": "face-expression",
            "modality": "face",
            "version": "1",
            "licence": {"weights": "Apache-2.0", "data": "own drawings"},
        }
    ],
    "policy": {"pack": "builtin", "digest": "ab" * 32},
    "retention_days": 30,
    "audit": {"call_ref": "c_ref", "entries": 1234, "root": "cd" * 32},
}
READ = [signal(second) for second in range(10)]
RAISED = Event("engagement_low", Phase.STARTED, "s_1", 6 * SECOND_US, 8 * SECOND_US, READ[8], "disengaged")
WHOLE = Review(
    SUMMARY,
    series_of(READ),
    episodes_of([RAISED]),
    datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
    comments=[Said(7 * SECOND_US, "p_1", '*Łukasz* asked: #panic("why") $x$ <b>')],
    answers=[("Was the purpose clear?", 4), ("Was anything left open?", None)],
)


def rows(review: Review, caption: str) -> list[list[str]]:
    found = [one for one in paper(review, Wording())["blocks"] if one.get("caption") == caption]
    return [row for one in found for row in one["rows"]]


def read(review: Review, wording: Wording | None = None) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(to_pdf(paper(review, wording or Wording()))))
    return reader, " ".join("\n".join(page.extract_text() for page in reader.pages).split())


@pytest.fixture(scope="module")
def set_paper() -> tuple[PdfReader, str]:
    return read(WHOLE)


def test_it_says_in_text_what_was_read_how_sure_and_what_was_not(set_paper: tuple[PdfReader, str]) -> None:
    _, text = set_paper
    for said in (
        "Call of 23 November 2026",
        "Not for employment decisions.",
        "Signals, not feelings",
        "people at work are not read (Charter P07)",
        "probably disengaged, high certainty",
        "not sure: not enough light",
        "low engagement",
        "did not come up",
        "Root of the log",
    ):
        assert said in text


def test_what_somebody_wrote_is_never_markup(set_paper: tuple[PdfReader, str]) -> None:
    assert '*Łukasz* asked: #panic("why") $x$ <b>' in set_paper[1]


def test_it_is_tagged_and_says_its_title_and_language(set_paper: tuple[PdfReader, str]) -> None:
    reader, _ = set_paper
    root: Any = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Call of 23 November 2026"
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    parts = list(_tags(root["/StructTreeRoot"]))
    kinds = {str(one["/S"]) for one in parts}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure"} <= kinds
    told = [str(one["/Alt"]) for one in parts if one["/S"] == "/Figure" and "/Alt" in one]
    assert [one for one in told if "How probable disengaged was over the call" in one]


def test_curves_are_vectors(set_paper: tuple[PdfReader, str]) -> None:
    assert not [image for page in set_paper[0].pages for image in page.images]


def test_it_speaks_the_language_it_is_asked_for() -> None:
    german = {"Events": "Ereignisse", "customer": "Kunde", "very likely": "sehr wahrscheinlich"}
    reader, text = read(WHOLE, Wording("de", lambda said: german.get(said, said)))
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "de"
    assert "23. November 2026" in text
    assert "Ereignisse" in text
    assert "sehr wahrscheinlich" in text


def test_of_who_is_not_for_the_reader_nothing_but_what_was_permitted_is_in_it() -> None:
    bare = {**SUMMARY, "participants": [{**one, "talk": None} for one in SUMMARY["participants"]]}
    _, text = read(replace(WHOLE, summary=bare, series=(), episodes=(), comments=(), answers=()))
    assert "what was read is not for whoever made this paper" in text
    assert "Nobody's turns could be measured" in text
    assert "No event was raised" in text
    assert "engaged" not in text
    assert "Scorecard" not in text


def test_each_window_has_its_words_and_a_long_call_says_how_many_are_left_out() -> None:
    caption = "What it says, from time to time"
    assert rows(WHOLE, caption) == [
        ["0:00", "0:04", "probably engaged, low certainty"],
        ["0:04", "0:06", "not sure: not enough light"],
        ["0:06", "0:10", "probably disengaged, high certainty"],
    ]
    many = [
        replace(signal(3 if at % 2 else 7), start_us=at * SECOND_US, end_us=(at + 1) * SECOND_US) for at in range(400)
    ]
    long = {**SUMMARY, "call": {**SUMMARY["call"], "duration_us": 400 * SECOND_US}}
    review = replace(WHOLE, summary=long, series=series_of(many))
    assert len(rows(review, caption)) == MOST_ROWS
    said = [one["text"] for one in paper(review, Wording())["blocks"] if one["kind"] == "text"]
    assert "250 more stretches are in the JSON and the CSV." in said


def test_people_of_one_role_are_told_apart_by_numbers() -> None:
    people = [
        {"participant_id": who, "role": role} for who, role in (("a", "student"), ("b", "teacher"), ("c", "student"))
    ]
    assert Wording().names(people) == {"a": "student 1", "c": "student 2", "b": "teacher"}


def _tags(part: Any) -> Iterator[Any]:  # noqa: ANN401
    """Every element below a part of the structure."""
    below = part.get("/K", [])
    for one in below if isinstance(below, list) else [below]:
        inner = one.get_object()
        if isinstance(inner, dict) and "/S" in inner:
            yield inner
            yield from _tags(inner)
