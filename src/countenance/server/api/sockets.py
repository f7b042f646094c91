"""What the sockets beside the events say, for the AsyncAPI description: the wall, the words, the meeting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from countenance.server.api.events import PROTOCOL
from countenance.server.api.spoken import PROTOCOL as WORDS
from countenance.server.api.spoken import LinesView
from countenance.server.api.wall import PROTOCOL as WALL
from countenance.server.api.wall import WallView
from countenance.surface.schema_terms import TEXT, Schema, array, maybe, record

CALL = {"call_id": {"description": "The call."}}
STAYS = "1008 the credential is valid no more"
FAULT = "1011 the log cannot be written"
PERSON = record({"id": TEXT, "name": {"type": "string"}})


@dataclass(frozen=True, slots=True)
class Said:
    """One kind of message: what it tells, and its schema or the model that has it."""

    words: str
    payload: Schema | type[BaseModel]


@dataclass(frozen=True, slots=True)
class Socket:
    """A WebSocket of the service; `sends` and `takes` are seen from the service."""

    name: str
    address: str
    title: str
    about: str
    sends: Mapping[str, Said]
    takes: Mapping[str, Said]
    parameters: Mapping[str, Any]


def _meeting(kind: str, members: Mapping[str, object]) -> Schema:
    return record({"type": {"const": kind}, **members})


SOCKETS = (
    Socket(
        "wall",
        "/v1/wall",
        "All running calls at one glance",
        f"Subprotocol `{WALL}`, scope `calls:read`. First every call, then those alone that have changed, "
        f"at most once a second. Close codes: {STAYS}; {FAULT}; 1012 the service is stopping: come back, and every "
        "call is told anew.",
        {"wallView": Said("Calls that run, or what has changed of them.", WallView)},
        {},
        {},
    ),
    Socket(
        "words",
        "/v1/calls/{call_id}/coaching/words",
        "What was said last on a coached call",
        f"Subprotocol `{WORDS}`, scope `readings:read`. For a named reviewer, of those alone who let their words be "
        f"read now; stored nowhere. Close codes: 1000 the call is over; {STAYS}; {FAULT}.",
        {"linesView": Said("The last lines, each time all of them, so that what was taken back goes.", LinesView)},
        {},
        CALL,
    ),
    Socket(
        "meeting",
        "/v1/calls/{call_id}/meeting",
        "The people of a call set up media between themselves",
        f"Subprotocol `{PROTOCOL}`. For participants alone, each by their own token; what is said is passed on as it "
        "came and kept nowhere. Close codes: 1000 the call is over; 1008 the credential is valid no more, or this "
        "person came in from another page; 1013 what was said is no message, or too many wait.",
        {
            "here": Said("Who is there already; comes first.", _meeting("here", {"people": array(PERSON)})),
            "came": Said("Somebody has come in.", _meeting("came", {"person": PERSON})),
            "left": Said("Somebody has gone.", _meeting("left", {"id": TEXT})),
            "said": Said("What another member says, as it came.", _meeting("said", {"from": TEXT, "data": {}})),
        },
        {
            "say": Said(
                "To one member, or to everybody where `to` is left out.", record({"data": {}}, {"to": maybe(TEXT)})
            )
        },
        CALL,
    ),
)
"""In the order of the description."""
