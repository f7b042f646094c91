"""A VideoRoom of Janus as its events tell it: who publishes what, and when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from countenance.capture.ice import IceServer
from countenance.capture.roster import Roster
from countenance.contracts.call import TrackKind
from countenance.contracts.errors import TapError
from countenance.inference.tables import Table

PLUGIN = "janus.plugin.videoroom"
KINDS = {"audio": TrackKind.AUDIO, "video": TrackKind.VIDEO}
TALKS = {"talking": True, "stopped-talking": False}
DISPLAY = "Countenance (reads only what you permit)"

Feed = int | str
"""Janus numbers publishers, or names them where it is told to."""


class JanusRoom(Table):
    """Where a call takes place, and how its people are known there."""

    url: str
    """Of the WebSocket transport: `ws://` or `wss://`."""
    room: int | str
    pin: str | None = None
    secret: str | None = None
    """The API secret, where the server asks for one."""
    display: str = DISPLAY
    """What people in the room see of the tap."""
    known_by: Literal["id", "display"] = "id"
    """What of a publisher is matched with the participants. A display name is whatever its owner typed: match by it
    only where your own server sets it."""
    ice: tuple[IceServer, ...] = ()
    """STUN and TURN servers, where Janus cannot be reached directly."""

    def request(self, kind: str, **more: object) -> Mapping[str, object]:
        """The body of a request about this room."""
        pin = {} if self.pin is None else {"pin": self.pin}
        return {"request": kind, "room": self.room, **pin, **more}


@dataclass(frozen=True, slots=True)
class Publication:
    """One stream of one publisher."""

    feed: Feed
    mid: str
    layered: bool = False
    """Sent in several layers, of which the lowest can be asked for."""

    def wanted(self) -> Mapping[str, object]:
        """How to ask for it: never more than the lowest layer."""
        return {"feed": self.feed, "mid": self.mid, **({"substream": 0, "temporal": 0} if self.layered else {})}


class Board:
    """What is published in the room, kept by what Janus says."""

    def __init__(self, room: JanusRoom, roster: Roster[Publication]) -> None:
        self._room, self._roster = room, roster
        self._private: object = None
        self._own: object = None
        self._called: dict[Feed, str] = {}
        self.over: str | None = None
        """Why there is nothing more to tap: `hang_up` when the room was destroyed, `removed` when the tap was."""

    def entered(self, data: Mapping[str, Any]) -> None:
        """The answer to joining: what is not in it is gone."""
        if data.get("videoroom") != "joined":
            raise TapError(f"Janus did not let the tap into room {self._room.room}", "Is it a VideoRoom?")
        self._called = {}
        self._private, self._own = data.get("private_id"), data.get("id")
        publishers = [one for one in _tables(data.get("publishers")) if _feed(one) is not None]
        here = {_feed(one) for one in publishers}
        for key in self._roster.published():
            if key.feed not in here:
                self._roster.withdraw(key)
        for publisher in sorted(publishers, key=lambda one: str(one["id"])):
            self._publisher(publisher)

    def heard(self, data: Mapping[str, Any]) -> None:
        """Something happened in the room."""
        if data.get("videoroom") == "destroyed":
            self.over = "hang_up"
        for publisher in _tables(data.get("publishers")):
            self._publisher(publisher)
        for word in ("unpublished", "leaving", "kicked"):
            if self._own is not None and (data.get(word) == self._own or data.get(word) == "ok"):
                # Only a moderator can end what the tap never began: it leaves, and does not come back.
                self.over = "removed"
            elif word in data:
                self._left(data[word])

    def talks(self, data: Mapping[str, Any]) -> tuple[str, bool] | None:
        """A participant, and whether they speak from now on; Janus says so where the room has `audiolevel_event`."""
        feed, speaks = _feed(data), TALKS.get(str(data.get("videoroom")))
        called = None if feed is None else self._called.get(feed)
        who = None if called is None else self._roster.whose(called)
        return None if who is None or speaks is None else (who, speaks)

    def people(self) -> frozenset[str]:
        """The participants who publish now."""
        found = (self._roster.whose(called) for called in self._called.values())
        return frozenset(who for who in found if who is not None)

    def subscription(self, publication: Publication) -> Mapping[str, object]:
        """The request for one stream of one publisher, and for no other."""
        private = {} if self._private is None else {"private_id": self._private}
        return self._room.request("join", ptype="subscriber", streams=[publication.wanted()], **private)

    def _publisher(self, publisher: Mapping[str, Any]) -> None:
        """A publisher as it is now: its first microphone and camera; what it sends beside them are screens."""
        feed = _feed(publisher)
        if feed is None:
            return
        called = self._called[feed] = str(publisher.get(self._room.known_by, ""))
        now: dict[Publication, TrackKind] = {}
        for stream in _tables(publisher.get("streams")):
            kind, mid = KINDS.get(str(stream.get("type"))), stream.get("mid")
            if kind is None or kind in now.values() or stream.get("disabled"):
                continue
            if isinstance(mid, str):
                layered = kind is TrackKind.VIDEO and bool(stream.get("simulcast"))
                now[Publication(feed, mid, layered)] = kind
        for key in self._roster.published():
            if key.feed == feed and key not in now:
                self._roster.withdraw(key)
        for key, kind in now.items():
            self._roster.publish(key, kind, called)

    def _left(self, feed: object) -> None:
        self._called = {one: called for one, called in self._called.items() if one != feed}
        for key in self._roster.published():
            if key.feed == feed:
                self._roster.withdraw(key)


def _tables(value: object) -> list[Mapping[str, Any]]:
    """Those of a list that are tables: a server may say anything."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _feed(publisher: Mapping[str, Any]) -> Feed | None:
    feed = publisher.get("id")
    return feed if isinstance(feed, int | str) and not isinstance(feed, bool) else None
