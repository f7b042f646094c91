"""The text of a note as it is proposed: plain sentences that a human reads, changes and answers for."""

from collections.abc import Iterator

from countenance.surface import words
from countenance.surface.notes.note import NOT_DIAGNOSIS, Note

CLINICAL = "ehr"
"""The one system whose text says what was read: a clinician is the reader, and the record is kept for the patient."""
TAKEN = ("accepted", "edited")


def proposed(note: Note) -> str:
    """The sentences of a note, one to a line."""
    return "\n".join(_lines(note))


def _lines(note: Note) -> Iterator[str]:
    meeting = note.meeting
    begun = "" if meeting.started_at is None else f" of {words.moment(meeting.started_at)}"
    yield f"Call{begun}, {words.lasting(meeting.duration_us)}, for {words.purpose(meeting.purpose)}."
    if note.talk is not None:
        turns = note.talk["turns"]
        yield f"Spoke for {words.lasting(note.talk['talk_us'])} in {turns} {'turn' if turns == 1 else 'turns'}."
    for one in note.prompts:
        if one.outcome in TAKEN:
            yield f"Advice taken up: {one.text}"
    for said in note.comments:
        yield f"At {words.clock(said.at_us)}: {said.words}"
    if note.system == CLINICAL:
        yield from _read(note)
    else:
        yield f"What was read stays in Countenance: {meeting.link}"


def _read(note: Note) -> Iterator[str]:
    for state in note.states:
        yield f"Looked or sounded {words.plain(state.label)} for {state.words}."
    for moment in note.moments:
        yield f"At {words.clock(moment.at_us)}: {words.plain(moment.name)}, {moment.words}."
    for gap in note.missing:
        yield f"Not read. {gap.words}."
    yield f"{words.NOT_FEELINGS} {NOT_DIAGNOSIS}"
