"""Webhooks after Standard Webhooks 1.0.0: what a body says, how it is signed, which events an endpoint wants."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks import Webhook

from countenance.contracts.errors import UsageError
from countenance.surface.envelope import CALL_SUMMARY, NOTE_ACCEPTED, PREFIX, SAMPLE, is_individual, summary_id, to_line

CONTENT_TYPE = "application/cloudevents+json"
SYMMETRIC, SECRET, PUBLIC = "whsec_", "whsk_", "whpk_"
"""Prefixes of a shared secret (HMAC-SHA256), of an ed25519 key and of its public half."""
KEY_BYTES = 32
LARGEST_BYTES = 20_000
"""Bodies stay below this; what would be larger is sent thin."""
MOST_DIGITS = 9
ERASED = f"{PREFIX}.subject.erased.v1"
TEST = f"{PREFIX}.webhook.test.v1"
ALIASES = {name: f"{PREFIX}.signal.{name}.*" for name in ("engagement_low", "frustration_spike")}
THIN = ("specversion", "id", "source", "type", "subject", "time", "sequence", "dataref")
PHI: Final = "phi"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that leaves, opened."""

    event_id: str
    topic: str
    call_id: str | None
    seq: int
    """Place of the log entry it came with, and its own place among what came with it."""
    turn: int
    at_utc_us: int
    payload: bytes
    """A CloudEvents envelope, or the data of one, as JSON; empty for none; other bytes go as base64."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Writes bodies; the same letter gives the same bytes on every attempt."""

    deployment_id: str
    site: str = ""
    """The address under which the deployment answers, such as `https://signals.example`; without it references are
    relative."""

    def write(self, letter: Letter, *, full: bool) -> bytes:
        """The body for an endpoint: thin, or with its data where the endpoint has asked for that and may have it.

        What was read of one person is for a human reviewer, who fetches it by name: no endpoint is one.
        """
        whole = self.whole(letter)
        open_to_all = not is_individual(letter.topic) and PHI not in str(whole.get("datacategory", "")).split(",")
        # Nothing could be fetched once its receiver has answered: the key of what it says goes with the answer.
        if letter.topic in (ERASED, TEST) or (full and open_to_all):
            body = to_line(whole).encode()
            if len(body) < LARGEST_BYTES:
                return body
        return to_line({name: whole[name] for name in THIN if name in whole}).encode()

    def whole(self, letter: Letter) -> Body:
        """The event with its data, as whoever fetches it gets it."""
        said = _said(letter.payload)
        own = said if "specversion" in said else self._wrapped(letter, said)
        reference = f"{self.site}/v1/events/{letter.event_id}"
        if letter.topic == CALL_SUMMARY and letter.call_id is not None:
            # It is put out without a word, for the id of a call stands open nowhere.
            own |= {"datacontenttype": "application/json", "data": {"summary_id": summary_id(own["source"])}}
            reference = f"{self.site}/v1/calls/{quote(letter.call_id, safe='')}/summary"
        elif letter.topic == NOTE_ACCEPTED:
            reference = f"{self.site}{own['dataref']}"
        return {**own, "sequence": f"{letter.seq:09d}{letter.turn:03d}", "dataref": reference}

    def _wrapped(self, letter: Letter, data: Body) -> Body:
        calls = "" if letter.call_id is None else f"/calls/{quote(letter.call_id, safe='')}"
        body: Body = {
            "specversion": "1.0",
            "id": letter.event_id,
            "source": f"/deployments/{quote(self.deployment_id, safe='')}{calls}",
            "type": letter.topic,
            "time": _moment(letter.at_utc_us),
        }
        participant = data.get("data", {}).get("participant_id")
        # Apart from a call a person is known by the deployment's own id, which stands in no attribute.
        if calls and participant is not None:
            body["subject"] = f"participants/{quote(participant, safe='')}"
        return body | data


def new_secret(random: bytes, *, asymmetric: bool = False) -> str:
    """A secret made of 32 random bytes, as it is shown once and kept sealed."""
    if len(random) != KEY_BYTES:
        raise UsageError(f"a secret is made of {KEY_BYTES} random bytes, not {len(random)}", "Draw as many.")
    return (SECRET if asymmetric else SYMMETRIC) + base64.b64encode(random).decode()


def verifier_of(secret: str) -> str:
    """What a receiver checks signatures with: the shared secret itself, or the public half of a key."""
    if secret.startswith(SYMMETRIC):
        return secret
    raw = _ed25519(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PUBLIC + base64.b64encode(raw).decode()


def headers(event_id: str, body: bytes, secrets: Sequence[str], at: datetime) -> Mapping[str, str]:
    """The headers of one attempt; one signature for each secret, two while one takes the place of another."""
    return {
        "content-type": CONTENT_TYPE,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(_utc(at).timestamp())),
        "webhook-signature": " ".join(sign(secret, event_id, body, at) for secret in secrets),
    }


def sign(secret: str, event_id: str, body: bytes, at: datetime) -> str:
    """One signature, `v1,...` (HMAC-SHA256) or `v1a,...` (ed25519)."""
    moment = _utc(at)
    if secret.startswith(SYMMETRIC):
        return Webhook(secret).sign(event_id, moment, body.decode())
    signed = _ed25519(secret).sign(f"{event_id}.{int(moment.timestamp())}.".encode() + body)
    return f"v1a,{base64.b64encode(signed).decode()}"


def check_types(types: Sequence[str]) -> tuple[str, ...]:
    """The types an endpoint asks for, in full words; raises UsageError for one that cannot be."""
    found = []
    for one in types:
        name = ALIASES.get(one, one)
        stem = name.removesuffix("*")
        if not stem.startswith(f"{PREFIX}.") or not set(stem) <= _LETTERS:
            known = f"{PREFIX}.signal.*, {PREFIX}.consent.changed.v1, {', '.join(ALIASES)}"
            raise UsageError(f"{one!r} is no type of event", f"Name one, or the beginning of some with *: {known}.")
        found.append(name)
    return tuple(dict.fromkeys(found))


def wants(types: Sequence[str], topic: str) -> bool:
    """Whether an endpoint gets an event; without types everything but samples, and of an erasure always."""
    if topic == ERASED:
        return True
    if not types:
        return topic != SAMPLE
    return any(topic.startswith(one[:-1]) if one.endswith("*") else topic == one for one in types)


def pause_asked(retry_after: str | None, now: datetime) -> int | None:
    """How long a receiver asks to be left alone, in microseconds; seconds or a date (RFC 9110), anything else is none.

    It is never negative.
    """
    if retry_after is None:
        return None
    if retry_after.strip().isascii() and retry_after.strip().isdigit():
        return int(retry_after.strip()[:MOST_DIGITS]) * 1_000_000
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):  # of a zone or a year without end
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return max(0, wait // timedelta(microseconds=1))


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._")


def _said(payload: bytes) -> Body:
    """An envelope as it is, or the attributes of an envelope that hold other data."""
    try:
        said = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return {"data_base64": base64.b64encode(payload).decode()}
    return said if "specversion" in said or not said else {"datacontenttype": "application/json", "data": said}


def _utc(at: datetime) -> datetime:
    # `Webhook.sign` replaces the zone instead of converting: anything but aware UTC would be signed wrongly.
    if at.tzinfo is None:
        raise UsageError("the time of a signature names no time zone", "Give an aware time.")
    return at.astimezone(UTC)


def _ed25519(secret: str) -> Ed25519PrivateKey:
    if not secret.startswith(SECRET):
        raise UsageError("this is no secret of an endpoint", f"It begins with {SYMMETRIC} or {SECRET}.")
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.removeprefix(SECRET))[:KEY_BYTES])


def _moment(utc_us: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_us)
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
