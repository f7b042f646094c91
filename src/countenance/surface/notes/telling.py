"""The text of a note as it is proposed: plain sentences that a human reads, changes and answers for."""

from collections.abc import Iterator
from datetime import UTC, datetime

from countenance.surface import words
from countenance.surface.notes.note import Meeting, Note, not_diagnosis, not_feelings
from countenance.surface.wording import Wording

CLINICAL = "ehr"
"""The one system whose text says what was read: a clinician is the reader, and the record is kept for the patient."""
TAKEN = ("accepted", "edited")


def proposed(note: Note) -> str:
    """The sentences of a note, one to a line, in its language."""
    return "\n".join(_lines(note))


def _lines(note: Note) -> Iterator[str]:
    _ = note.wording.say
    yield _of_call(note.meeting, note.wording)
    if note.talk is not None:
        turns = note.talk["turns"]
        spoke = _("Spoke for {length} in one turn.") if turns == 1 else _("Spoke for {length} in {count} turns.")
        yield spoke.format(length=words.lasting(note.talk["talk_us"]), count=turns)
    for one in note.prompts:
        if one.outcome in TAKEN:
            yield _("Advice taken up: {text}").format(text=one.text)
    for said in note.comments:
        yield _("At {time}: {words}").format(time=words.clock(said.at_us), words=said.words)
    if note.system == CLINICAL:
        yield from _read(note)
    else:
        yield _("What was read stays in Countenance: {link}").format(link=note.meeting.link)


def _of_call(meeting: Meeting, wording: Wording) -> str:
    _, length, purpose = wording.say, words.lasting(meeting.duration_us), wording.purpose(meeting.purpose)
    if meeting.started_at is None:
        return _("Call, {length}, for {purpose}.").format(length=length, purpose=purpose)
    at = datetime.fromisoformat(meeting.started_at).astimezone(UTC)
    when = f"{wording.day(at)}, {wording.time(at)}"
    return _("Call of {when}, {length}, for {purpose}.").format(when=when, length=length, purpose=purpose)


def _read(note: Note) -> Iterator[str]:
    wording, _ = note.wording, note.wording.say
    for state in note.states:
        yield _("Looked or sounded {state} for {share}.").format(state=wording.state(state.label), share=state.words)
    for moment in note.moments:
        said = f"{wording.event(moment.name)}, {moment.words}."
        yield _("At {time}: {words}").format(time=words.clock(moment.at_us), words=said)
    for gap in note.missing:
        yield _("Not read. {what}.").format(what=gap.words)
    yield f"{not_feelings(wording)} {not_diagnosis(wording)}"
