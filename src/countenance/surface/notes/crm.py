"""A note for HubSpot and for Salesforce: the text, a link and a summary id, and nothing that was read.

A field of a CRM is copied when records are merged or synced, and outlives a deletion: no reading is put into one. The
field of Salesforce for the sentiment of an agent (`VoiceCall.AgentSentimentScore`) is never written.
"""

from datetime import UTC, datetime

from countenance.contracts.media import SECOND_US
from countenance.surface.blocks import Block
from countenance.surface.notes.note import Note

MOST_LETTERS = 65_536
"""What HubSpot takes of a body."""


def hubspot(note: Note) -> Block:
    """A call engagement; the receiver adds the association with its own contact."""
    meeting = note.meeting
    properties: Block = {
        "hs_call_title": title(note),
        "hs_call_body": _body(note)[:MOST_LETTERS],
        "hs_call_duration": str(meeting.duration_us // 1000),
        "hs_call_status": "COMPLETED",
    }
    if meeting.started_at is not None:
        properties["hs_timestamp"] = _utc(meeting.started_at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"method": "POST", "path": "/crm/v3/objects/calls", "body": {"properties": properties}}


def salesforce(note: Note) -> Block:
    """A completed task; the receiver adds whom it belongs to (`WhoId`, `OwnerId`)."""
    meeting = note.meeting
    task: Block = {
        "Subject": title(note),
        "Description": _body(note),
        "Status": "Completed",
        "TaskSubtype": "Call",
        "CallDurationInSeconds": meeting.duration_us // SECOND_US,
        "CallObject": meeting.summary_id,
    }
    if meeting.started_at is not None:
        task["ActivityDate"] = _utc(meeting.started_at).date().isoformat()
    return {"method": "POST", "object": "Task", "body": task}


def title(note: Note) -> str:
    """What stands over the note."""
    _ = note.wording.say
    return _("Call note")


def _body(note: Note) -> str:
    _ = note.wording.say
    where = _("Countenance summary {id}: {link}").format(id=note.meeting.summary_id, link=note.meeting.link)
    return f"{note.text}\n\n{where}"


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)
