"""A note about one person in one call: what it may say, in words and bands, and its own form as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from countenance.surface.blocks import Block
from countenance.surface.wording import Wording

SCHEMA = "/schemas/io.countenance.note.v1.json"
ENGLISH = Wording()


@dataclass(frozen=True, slots=True)
class Meeting:
    """The call that a note is about."""

    source: str
    """As its events name it."""
    call_id: str
    purpose: str
    started_at: str | None
    duration_us: int
    summary_id: str
    link: str
    """Where a reviewer sees the whole of it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a note is about."""

    participant_id: str
    role: str
    person: str
    """The deployment's own id."""
    account: str
    """A name that leads to the person only while they are not erased."""


@dataclass(frozen=True, slots=True)
class State:
    """How much of the call something was read."""

    label: str
    words: str
    """Such as `about a third of the call`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A state that lasted, and how sure its reading was."""

    at_us: int
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A modality that was not read to the end, and why."""

    modality: str
    use: str
    words: str
    """`Face: asked, and the answer was no`."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A prompt that rested on this person's readings, and what became of it."""

    prompt_id: str
    text: str
    outcome: str | None
    acted: bool | None


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reviewer wrote at a time of the call."""

    at_us: int
    words: str


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `text` is what a human reads, may change, and lets leave."""

    system: str
    meeting: Meeting
    person: Person
    states: tuple[State, ...] = ()
    moments: tuple[Moment, ...] = ()
    missing: tuple[Missing, ...] = ()
    talk: Mapping[str, int] | None = None
    """`talk_us`, `turns`, `interruptions`."""
    prompts: tuple[Advice, ...] = ()
    comments: tuple[Comment, ...] = ()
    text: str = ""
    accepted: bool = False
    wording: Wording = ENGLISH
    """The language of its words; what a human changes in the text is theirs."""

    @property
    def id(self) -> str:
        """The same for the same person, call and system: a receiver that has it needs it no second time."""
        return str(uuid5(NAMESPACE_URL, f"{self.meeting.source}#note-{self.system}-{self.person.participant_id}"))

    @property
    def status(self) -> str:
        """`preliminary` until a human has accepted it."""
        return "final" if self.accepted else "preliminary"


def note_of(
    system: str,
    meeting: Meeting,
    person: Person,
    block: Mapping[str, Any],
    rest: Mapping[str, Any],
    wording: Wording = ENGLISH,
) -> Note:
    """A note out of the person's part of a summary; `rest`: its `events`, prompts and comments.

    Where somebody took a modality back, or where nothing was read, no state stands in it.
    """
    uses = why_not_read(wording)
    missing = tuple(
        Missing(one["modality"], one["use"], f"{wording.modality(one['modality'])}: {uses[one['use']]}")
        for one in block["modalities"]
        if one["use"] in uses and one["modality"] != "telemetry"
    )
    silent = any(one.use == "stopped" for one in missing)
    return Note(
        system,
        meeting,
        person,
        states=() if silent else tuple(_states(block["states"], meeting.duration_us, wording)),
        moments=() if silent else tuple(_moments(rest["events"], person.participant_id, wording)),
        missing=missing,
        talk=block["talk"] and {name: block["talk"][name] for name in ("talk_us", "turns", "interruptions")},
        prompts=() if silent else tuple(rest["prompts"]),
        comments=tuple(rest["comments"]),
        wording=wording,
    )


def why_not_read(wording: Wording) -> Mapping[str, str]:
    """Why a modality is not in the readings, by its use."""
    _ = wording.say
    return {
        "declined": _("asked, and the answer was no"),
        "stopped": _("taken back during the call"),
        "not_asked": _("nobody asked, so not read"),
        "refused": _("not permitted"),
        "absent": _("permitted, but there was nothing to read"),
    }


def not_feelings(wording: Wording) -> str:
    """What a reading is and is not."""
    _ = wording.say
    return _(
        "Signals, not feelings: estimates from what could be seen, heard and read, and often wrong for one person."
    )


def not_employment(wording: Wording) -> str:
    """What no reading is for."""
    _ = wording.say
    return _("Not for employment decisions, grading or discipline.")


def not_diagnosis(wording: Wording) -> str:
    """What a clinician has before them."""
    _ = wording.say
    return _("Decision support for a clinician, not a diagnosis.")


def block_of(note: Note) -> Block:
    """The note as our own JSON, without payloads."""
    meeting, person = note.meeting, note.person
    return {
        "schema": SCHEMA,
        "note_id": note.id,
        "system": note.system,
        "status": note.status,
        "language": note.wording.language,
        "notice": [not_feelings(note.wording), not_employment(note.wording)],
        "call": {
            "id": meeting.call_id,
            "purpose": meeting.purpose,
            "started_at": meeting.started_at,
            "duration_us": meeting.duration_us,
            "summary_id": meeting.summary_id,
            "review": meeting.link,
        },
        "participant": {
            "participant_id": person.participant_id,
            "role": person.role,
            "person": person.person,
            "account": person.account,
        },
        "text": note.text,
        "states": [{"label": one.label, "words": one.words} for one in note.states],
        "moments": [{"at_us": one.at_us, "name": one.name, "words": one.words} for one in note.moments],
        "missing": [{"modality": one.modality, "use": one.use, "words": one.words} for one in note.missing],
        "talk": None if note.talk is None else dict(note.talk),
        "prompts": [
            {"prompt_id": one.prompt_id, "text": one.text, "outcome": one.outcome, "acted": one.acted}
            for one in note.prompts
        ],
        "comments": [{"at_us": one.at_us, "words": one.words} for one in note.comments],
    }


def _states(series: Sequence[Mapping[str, Any]], duration_us: int, wording: Wording) -> Iterable[State]:
    for one in series:
        for label, found in one["labels"].items():
            if found["time_us"]:
                yield State(label, wording.much(found["time_us"], duration_us))


def _moments(events: Sequence[Mapping[str, Any]], who: str, wording: Wording) -> Iterable[Moment]:
    for one in events:
        if one["participant_id"] == who:
            yield Moment(one["start_us"], one["name"], _sure(one, wording))


def _sure(event: Mapping[str, Any], wording: Wording) -> str:
    if event["probability"] is None or event["interval"] is None:
        return wording.state(event["label"])
    return wording.estimate(event["label"], event["probability"], *event["interval"])
