"""How a LiveKit server is entered and believed: keys from the environment, tokens for one room, signed webhooks.

Tokens and webhooks are plain JWTs; a test compares both with LiveKit's own package.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt

from countenance.contracts.errors import UnauthenticatedError, UsageError
from countenance.inference.tables import Table

ENVIRONMENT = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
TTL_S = 600
"""A token is only looked at when it is used to enter; after ten minutes it enters nowhere."""
LISTING_S = 60
LEEWAY_S = 60
"""By how much the clocks of two machines may differ."""
DISPLAY = "Countenance (reads only what you permit)"
TAP = "countenance.tap"
"""Attribute by which a page of the call can tell the tap from a person."""
LARGEST_WEBHOOK = 1 << 20


class LivekitRoom(Table):
    """Where a call takes place, and how the tap is seen there."""

    room: str
    identity: str = "countenance"
    """Of the tap; LiveKit sends away an older participant with the same one."""
    display: str = DISPLAY
    """What people in the room see of the tap."""
    transcripts: bool = True
    """Whether transcripts of an agent in the room are read, of whoever has some; False: words come from elsewhere."""
    tenant: str = ""
    """Whose server and keys; the worker sets it, whatever a source says."""


@dataclass(frozen=True, slots=True)
class LivekitAccess:
    """A server and the pair of keys that it trusts."""

    url: str
    key: str
    secret: str = field(repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str], tenant: str = "") -> "LivekitAccess":
        """Out of the environment alone: a token must never go to an address that somebody sent."""
        names = variables(tenant)
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise UsageError(f"LiveKit needs {', '.join(missing)}", "Set [livekit], or these in the environment.")
        url, key, secret = (environ[name] for name in names)
        return cls(url, key, secret)

    def token(self, room: LivekitRoom, now_s: int) -> str:
        """Enters one room, seen by everyone, listens, may answer a person in data, and may do nothing else."""
        grants = {
            "roomJoin": True,
            "room": room.room,
            "canSubscribe": True,
            "canPublish": False,
            "canPublishData": True,
            "canUpdateOwnMetadata": False,
            "hidden": False,
        }
        claims = {
            "iss": self.key,
            "sub": room.identity,
            "name": room.display,
            "nbf": now_s,
            "exp": now_s + TTL_S,
            "video": grants,
            "attributes": {TAP: "true"},
        }
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def listing(self, now_s: int) -> str:
        """Says which rooms there are, for a minute, and enters none."""
        grants = {"roomList": True}
        claims = {"iss": self.key, "sub": TAP, "nbf": now_s, "exp": now_s + LISTING_S, "video": grants}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def webhook(self, body: bytes, authorization: str, now_s: int) -> "RoomNews":
        """What a webhook says, once it is certain that the server said it; else UnauthenticatedError."""
        claims = self._claims(authorization, now_s)
        try:
            promised = base64.b64decode(str(claims.get("sha256", "")), validate=True)
        except (binascii.Error, ValueError):
            promised = b""
        if len(body) > LARGEST_WEBHOOK or not hmac.compare_digest(promised, hashlib.sha256(body).digest()):
            raise UnauthenticatedError("a LiveKit webhook whose body is not the one that was signed", "Ignore it.")
        return _news(body)

    def _claims(self, token: str, now_s: int) -> Mapping[str, object]:
        """The claims of a token of this server, none of them trusted before its signature was checked."""
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                self.secret,
                algorithms=["HS256"],
                issuer=self.key,
                options={"require": ["exp", "iss"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(
                f"a LiveKit webhook that this server did not sign ({type(error).__name__})",
                "Do both sides have the same LIVEKIT_API_KEY and LIVEKIT_API_SECRET?",
            ) from error
        until, since = claims["exp"], claims.get("nbf", 0)
        if not (isinstance(until, int) and isinstance(since, int) and since - LEEWAY_S <= now_s < until + LEEWAY_S):
            raise UnauthenticatedError("a LiveKit webhook that is out of date", "Compare the clocks of both machines.")
        return claims


def variables(tenant: str = "") -> tuple[str, ...]:
    """Where address, key and secret stand: for one of several tenants, in variables that end in its name."""
    ending = f"_{tenant.upper().replace('-', '_')}" if tenant else ""
    return tuple(name + ending for name in ENVIRONMENT)


def issuer_of(authorization: str) -> str | None:
    """The key that a webhook says it was signed with; nothing is proven by that."""
    try:
        claims = jwt.decode(authorization, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


@dataclass(frozen=True, slots=True)
class RoomNews:
    """What a webhook tells of a room; nothing is joined because of it."""

    id: str
    """Of the event: it may come twice."""
    kind: str
    """As LiveKit names it: `room_started`, `participant_joined`, `track_published`, `room_finished`, ..."""
    room: str
    identity: str | None = None
    track: str | None = None
    visit: str | None = None
    """LiveKit's own id of this visit of a participant: who comes back has another."""
    at_s: int = 0
    """When it happened, by LiveKit's clock."""


def _news(body: bytes) -> RoomNews:
    try:
        said = json.loads(body)
        parts = [said.get(name) or {} for name in ("room", "participant", "track")]
        kind, number = said["event"], said.get("id", "")
        room, identity, track = parts[0].get("name", ""), parts[1].get("identity"), parts[2].get("sid")
        visit, at_s = parts[1].get("sid"), int(said.get("createdAt") or 0)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"a LiveKit webhook that cannot be read ({error})", "Its server may be too new.") from error
    names = (identity and str(identity), track and str(track), visit and str(visit))
    return RoomNews(str(number), str(kind), str(room), *names, at_s)
