"""Notes in the shapes of systems of record: words, never numbers of a state; what is missing says why."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from countenance.surface import words
from countenance.surface.notes.ehr import absence
from countenance.surface.notes.lms import lasting
from countenance.surface.notes.note import (
    Advice,
    Comment,
    Meeting,
    Missing,
    Note,
    Person,
    not_employment,
    not_feelings,
    note_of,
)
from countenance.surface.notes.payloads import MAPPERS, whole
from countenance.surface.notes.telling import proposed
from countenance.surface.schemas import NOTE, schemas
from countenance.surface.wording import Wording

MINUTE = 60_000_000
MEETING = Meeting(
    "/deployments/local/calls/c1",
    "c1",
    "telehealth_support",
    "2026-11-23T09:30:00.000000Z",
    10 * MINUTE,
    "s1",
    "/review/c1",
)
PERSON = Person("p1", "patient", "patient-9", "ref-1")
ADVICE = Advice("pr_1", "Ask what is unclear.", "accepted", True)
EVENTS = [
    {
        "participant_id": who,
        "start_us": MINUTE,
        "name": "confusion_spike",
        "label": "confused",
        "probability": 0.6,
        "interval": [0.2, 0.9],
    }
    for who in ("p1", "p2")
]


def block(**uses: str) -> dict[str, Any]:
    found = {"face": "read", "voice": "read", "text": "read", "telemetry": "absent"} | uses
    return {
        "modalities": [{"modality": name, "use": use} for name, use in found.items()],
        "states": [{"labels": {"confused": {"time_us": 2 * MINUTE}, "engaged": {"time_us": 0}}}],
        "talk": {"talk_us": 3 * MINUTE, "turns": 1, "interruptions": 0, "talk_share": 0.3},
    }


def made(system: str, found: Mapping[str, Any] | None = None, meeting: Meeting = MEETING) -> Note:
    rest = {"events": EVENTS, "prompts": [ADVICE], "comments": [Comment(5_000_000, "Asked twice.")]}
    note = note_of(system, meeting, PERSON, found or block(), rest)
    return replace(note, text=proposed(note))


def body(note: Note, name: str) -> Any:  # noqa: ANN401
    return whole(note)["payloads"][name]["body"]  # type: ignore[index]


@pytest.mark.parametrize("system", MAPPERS)
@pytest.mark.parametrize("started", [MEETING.started_at, None])
def test_every_note_holds_to_its_schema_and_no_state_has_a_number(system: str, started: str | None) -> None:
    note = made(system, meeting=replace(MEETING, started_at=started))
    found = whole(note)
    Draft202012Validator(schemas()[NOTE]).validate(found)
    assert found["states"] == [{"label": "confused", "words": "about a fifth of the call"}]
    assert [one["at_us"] for one in found["moments"]] == [MINUTE]  # type: ignore[attr-defined]
    assert "AgentSentimentScore" not in str(found)


def test_a_crm_and_an_lms_get_nothing_that_was_read() -> None:
    for system in ("crm", "lms"):
        note = made(system)
        for name in MAPPERS[system]:
            assert "confus" not in str(body(note, name)).lower()
        assert "confus" not in note.text.lower()


def test_a_crm_gets_the_text_a_link_and_a_summary_id() -> None:
    note = replace(made("crm"), text="Wants a second meeting.")
    call, task = body(note, "hubspot")["properties"], body(note, "salesforce")
    said = "Wants a second meeting.\n\nCountenance summary s1: /review/c1"
    assert (call["hs_call_body"], call["hs_call_duration"]) == (said, "600000")
    assert call["hs_timestamp"] == "2026-11-23T09:30:00.000Z"
    assert (task["Description"], task["CallDurationInSeconds"], task["ActivityDate"]) == (said, 600, "2026-11-23")
    assert len(body(replace(note, text="x" * 70_000), "hubspot")["properties"]["hs_call_body"]) == 65_536


def test_an_lms_gets_that_somebody_attended_under_an_opaque_name() -> None:
    note = made("lms")
    statement = body(note, "xapi")
    assert (statement["id"], statement["actor"]["account"]["name"]) == (note.id, "ref-1")
    assert statement["verb"]["id"] == "http://adlnet.gov/expapi/verbs/attended"
    assert statement["result"]["duration"] == "PT600S"
    assert "score" not in statement["result"]
    assert "patient-9" not in str(statement), "a statement cannot be deleted: it names nobody"
    quiet = body(made("lms", block() | {"talk": None}), "xapi")
    assert "extensions" not in quiet["result"]
    assert (lasting(90_500_000), lasting(61_019_999)) == ("PT90.50S", "PT61.01S")


def test_an_ehr_gets_drafts_until_a_clinician_has_accepted() -> None:
    note = made("ehr")
    document, observation = (one["resource"] for one in body(note, "fhir")["entry"])
    assert (document["docStatus"], observation["status"]) == ("preliminary", "preliminary")
    assert observation["component"][0]["valueString"] == "about a fifth of the call"
    assert document["context"]["period"]["end"] == "2026-11-23T09:40:00+00:00"
    text = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    assert "At 1:00: signs of confusion, probably confused, low certainty." in text
    assert "not a diagnosis" in text
    assert {
        one["resource"]["docStatus" if at == 0 else "status"]
        for at, one in enumerate(body(replace(note, accepted=True), "fhir")["entry"])
    } == {"final"}


def test_a_note_is_in_one_language_whole() -> None:
    rest = {"events": EVENTS, "prompts": [], "comments": []}
    told: list[str] = []

    def foreign(said: str) -> str:
        told.append(said)
        return f"‹{said}›"

    found = block(face="stopped") | {"talk": None}
    for one in (found, block()):
        note = note_of("ehr", MEETING, PERSON, one, rest, Wording("de", foreign))
        note = replace(note, text=proposed(note))
        assert whole(note)["language"] == "de"
        for line in (*note.text.splitlines(), *whole(note)["notice"], str(body(note, "fhir")["entry"][1])):  # type: ignore[misc]
            assert "‹" in line, "no sentence is left in English"
    assert "Looked or sounded {state} for {share}." in told
    assert (not_feelings(Wording()), not_employment(Wording())) == (words.NOT_FEELINGS, words.NOT_EMPLOYMENT)


def test_what_was_taken_back_stands_in_no_note_and_the_record_says_why() -> None:
    note = made("ehr", block(face="stopped", voice="refused"))
    observation = body(note, "fhir")["entry"][1]["resource"]
    assert (note.states, note.moments, note.prompts) == ((), (), ())
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "asked-declined"
    assert observation["note"][0]["text"] == "Face: taken back during the call"
    assert "Not read. Face: taken back during the call." in note.text


@pytest.mark.parametrize(
    ("uses", "code"),
    [
        (("declined", "not_asked", "refused"), "asked-declined"),
        (("not_asked", "refused", "absent"), "not-asked"),
        (("refused", "refused", "refused"), "not-performed"),
        (("refused",), "temp-unknown"),
        ((), "temp-unknown"),
        (("stopped",), "asked-declined"),
    ],
)
def test_the_reason_for_no_value_is_one_of_the_codes(uses: tuple[str, ...], code: str) -> None:
    assert absence([Missing("face", one, one) for one in uses]) == code


def test_the_proposed_text_counts_only_advice_that_was_taken_up() -> None:
    note = made("crm", block() | {"talk": {"talk_us": 3 * MINUTE, "turns": 2, "interruptions": 0}})
    assert note.text.splitlines() == [
        "Call of 23 November 2026, 09:30 UTC, 10 min, for telehealth.",
        "Spoke for 3 min in 2 turns.",
        "Advice taken up: Ask what is unclear.",
        "At 0:05: Asked twice.",
        "What was read stays in Countenance: /review/c1",
    ]
    dismissed = replace(note, prompts=(replace(ADVICE, outcome="dismissed"),), talk=None)
    assert "Advice" not in proposed(dismissed)
    assert "Spoke" not in proposed(dismissed)
