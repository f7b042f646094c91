"""The AsyncAPI 3.0 description: the events of a call, and every other WebSocket of the service."""

from collections.abc import Iterable, Iterator
from typing import Any

from countenance import __version__
from countenance.server.api.sockets import SOCKETS, Said, Socket
from countenance.surface import envelope
from countenance.surface.schemas import ENVELOPE, schemas

Described = dict[str, Any]

EVENTS = {
    "sample": (envelope.SAMPLE, "One tick of one taxonomy for one person, possibly abstained; asked for by `samples`."),
    "started": (envelope.STARTED, "A state was entered, such as `engagement_low`."),
    "ended": (envelope.ENDED, "The same state was left; `signal_id` pairs the two."),
    "aggregate": (envelope.AGGREGATE, "What a group of at least ten people showed over five minutes, as a whole."),
    "consentChanged": (envelope.CONSENT_CHANGED, "Somebody gave, refused or withdrew consent, or it expired."),
    "promptIssued": (envelope.PROMPT_ISSUED, "A coach is advised; who it rests on learns that, not what it says."),
    "promptResolved": (envelope.PROMPT_RESOLVED, "What became of a prompt, and later whether the behaviour followed."),
    "policyRefused": (envelope.POLICY_REFUSED, "The gate prohibits a modality of somebody, with every rule."),
    "callSummary": (envelope.CALL_SUMMARY, "The call is over; `dataref` says where its summary is."),
    "noteAccepted": (
        envelope.NOTE_ACCEPTED,
        "A reviewer let a note leave for a CRM, LMS or EHR; `dataref` says where.",
    ),
    "mediaLost": (envelope.MEDIA_LOST, "A WHIP session is gone with the worker that had it: publish again."),
    "streamGap": (envelope.STREAM_GAP, "So many events between two sequences are kept nowhere any more."),
}
CLOSES = """Close codes: 1000 the call is over; 1008 the credential is valid no more; 1011 the log cannot be written;
1012 the service is stopping, come back; 1013 events came faster than they were taken, come back with `after`."""
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "In `Authorization`, or as the second value of `Sec-WebSocket-Protocol`.",
}
SHORT = "The `sequence` of the last event you have; 0 for all of them; only what is new when left out."


def asyncapi() -> Described:
    """The description."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Countenance events",
            "version": __version__,
            "description": "CloudEvents 1.0 in JSON. Readings of one person go to that person and a named reviewer.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "service": {"host": "{host}", "protocol": "wss", "variables": {"host": {"default": "localhost:8080"}}}
        },
        "channels": {"callEvents": _events()} | {one.name: _channel(one) for one in SOCKETS},
        "operations": _operations(),
        "components": {
            "messages": {name: _message(kind, words) for name, (kind, words) in EVENTS.items()}
            | {name: _plain(name, one) for name, one in _said()},
            "schemas": {kind: _inner(schema) for kind, schema in schemas().items() if kind in _used()} | _modelled(),
            "securitySchemes": {"bearer": BEARER},
        },
    }


def _operations() -> Described:
    follow = "The service sends the events of a call, one per text frame."
    made = {"followCall": _operation("send", "callEvents", EVENTS, follow)}
    for one in SOCKETS:
        made[f"{one.name}Sends"] = _operation("send", one.name, one.sends, f"{one.title}: what the service says.")
        if one.takes:
            made[f"{one.name}Takes"] = _operation("receive", one.name, one.takes, f"{one.title}: what it takes.")
    return made


def _operation(action: str, channel: str, names: Iterable[str], summary: str) -> Described:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "security": [{"$ref": "#/components/securitySchemes/bearer"}],
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _channel(socket: Socket) -> Described:
    return {
        "address": socket.address,
        "title": socket.title,
        "description": socket.about,
        "parameters": dict(socket.parameters),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*socket.sends, *socket.takes)},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _said() -> Iterator[tuple[str, Said]]:
    for socket in SOCKETS:
        yield from socket.sends.items()
        yield from socket.takes.items()


def _plain(name: str, said: Said) -> Described:
    payload = said.payload
    if isinstance(payload, type):
        payload = {"$ref": f"#/components/schemas/{payload.__name__}"}
    return {"name": name, "summary": said.words, "contentType": "application/json", "payload": payload}


def _modelled() -> Described:
    """The models of messages and what they are made of."""
    made: Described = {}
    for _, said in _said():
        if isinstance(said.payload, type):
            whole = said.payload.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
            made |= whole.pop("$defs", {}) | {said.payload.__name__: whole}
    return made


def _events() -> Described:
    query = {
        "after": {"type": "string", "pattern": "^[0-9]{1,12}$", "description": SHORT},
        "types": {"type": "string", "description": "Types in full or short, separated by commas."},
        "samples": {"type": "boolean", "default": False},
    }
    return {
        "address": "/v1/calls/{call_id}/events",
        "title": "The events of a call",
        "description": CLOSES,
        "parameters": {"call_id": {"description": "The call."}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in EVENTS},
        "bindings": {
            "ws": {"method": "GET", "query": {"type": "object", "properties": query}, "bindingVersion": "0.1.0"}
        },
    }


def _message(kind: str, words: str) -> Described:
    data = {"type": "object", "properties": {"data": {"$ref": f"#/components/schemas/{kind}"}}}
    return {
        "name": kind,
        "summary": words,
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": f"#/components/schemas/{ENVELOPE}"}, data]},
    }


def _used() -> set[str]:
    return {ENVELOPE, *(kind for kind, _ in EVENTS.values())}


def _inner(schema: dict[str, object]) -> Described:
    """A schema within the document: references are to the document, not to a file of its own."""
    return {name: value for name, value in schema.items() if name not in ("$schema", "$id")}
