"""A note as an xAPI 1.0.3 statement: somebody under an opaque name attended, for so long, and spoke so much.

A statement cannot be changed or deleted, only voided: nothing that was read or written of a person is in one, and
never a score.
"""

from countenance.contracts.media import SECOND_US
from countenance.surface.blocks import Block
from countenance.surface.notes.note import Note
from countenance.surface.notes.terms import term

VERB = "http://adlnet.gov/expapi/verbs/attended"
HEADERS = {"X-Experience-API-Version": "1.0.3"}


def xapi(note: Note) -> Block:
    """The statement, with its address and header; its id is that of the note."""
    meeting, talk = note.meeting, note.talk or {}
    extensions = {term(name): talk[name] for name in ("talk_us", "turns") if name in talk}
    result: Block = {"duration": lasting(meeting.duration_us)}
    statement: Block = {
        "id": note.id,
        "actor": {"objectType": "Agent", "account": {"homePage": term("people"), "name": note.person.account}},
        "verb": {"id": VERB, "display": {"en": "attended"}},
        "object": {"objectType": "Activity", "id": f"urn:uuid:{meeting.summary_id}"},
        "result": result | ({"extensions": extensions} if extensions else {}),
        "context": {"platform": "Countenance"},
    }
    if meeting.started_at is not None:
        statement["timestamp"] = meeting.started_at
    return {"method": "POST", "path": "/statements", "headers": HEADERS, "body": statement}


def lasting(us: int) -> str:
    """An ISO 8601 duration with at most two decimals, as xAPI compares them."""
    seconds, rest = divmod(us, SECOND_US)
    hundredths = rest * 100 // SECOND_US
    return f"PT{seconds}.{hundredths:02}S" if hundredths else f"PT{seconds}S"
