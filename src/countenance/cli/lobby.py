"""Which calls there are to tap: those of the running service, or the rooms of a media server. None is entered."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from countenance.cli.service import HERE, Service
from countenance.contracts.errors import UsageError

READ = ("face", "voice", "text")
Row = Mapping[str, Any]


def calls_there(source: str, keys: Mapping[str, Any]) -> Sequence[Row]:
    """The calls of a source that no call was named of; raises UsageError where the source has no list."""
    if source == "whip":
        return [one for call in _calls_of(_service()) for one in call]
    return asyncio.run(_rooms(source, keys))


async def _rooms(source: str, keys: Mapping[str, Any]) -> Sequence[Row]:
    from countenance.capture import rooms

    if source == "janus":
        found = await rooms.janus_rooms(keys)
    elif source == "mediasoup":
        found = await rooms.mediasoup_rooms(keys)
    elif source == "livekit":
        found = await rooms.livekit_rooms(keys, os.environ, int(time.time()))
    else:
        raise UsageError(f"{source} has no list of calls", "Say who is on the call with --deployment.")
    return [{"room": one.name, "in it": one.people} for one in found]


def _service() -> Service:
    key = os.environ.get("COUNTENANCE_KEY", "")
    if not key:
        remedy = "Set COUNTENANCE_KEY (and COUNTENANCE_URL) for its calls, or say who is on the call with --deployment."
        raise UsageError("calls by WHIP are those of a running service", remedy)
    return Service(os.environ.get("COUNTENANCE_URL", HERE), key)


def _calls_of(service: Service) -> Iterator[Sequence[Row]]:
    cursor: Mapping[str, str] | None = {}
    while cursor is not None:
        page = service.ask("GET", "/v1/calls", state="live", **cursor)
        for one in page["items"]:
            yield _call(service, str(one["call_id"]))
        cursor = {"cursor": str(page["next"])} if page["next"] else None


def _call(service: Service, call_id: str) -> Sequence[Row]:
    path = f"/v1/calls/{call_id}"
    people = service.ask("GET", path)["participants"]
    return [row for one in people if one["here"] for row in _person(service, path, one)]


def _person(service: Service, path: str, person: Mapping[str, Any]) -> Iterator[Row]:
    told = service.ask("GET", f"{path}/participants/{person['participant_id']}/consent")
    stands = {one["modality"]: one for one in told["modalities"]}
    laws = {one["modality"]: one for one in person["modalities"]}
    for modality in READ:
        ruling, stand = laws[modality], stands[modality]
        rule = ruling["rulings"][0]
        yield {
            "call": path.rpartition("/")[2],
            "who": person["name"] or person["participant_id"],
            "role": person["role"],
            "reads": modality,
            "law": "allowed" if ruling["allowed"] else f"refused: {rule['citation']}",
            "consent": "not given" if stand["answer"] is None else stand["answer"]["status"],
            "would be decoded": "yes" if stand["readable"] else f"no ({stand['why_not']})",
        }
