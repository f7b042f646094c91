"""Requests that are nearly right: what the routes take, changed in structure, in bytes or in headers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

JSON = "application/json"
SDP = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "c=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\n"
)
ANA = {"name": "Ana", "role": "customer", "person": "customer-17", "facts": {"minor": "adult"}, "jurisdictions": ["UK"]}
CASE = {"purpose": "sales_coaching", "role": "customer", "modality": "face", "jurisdictions": ["EU"], "facts": {}}
ANSWER = {"modality": "face", "status": "refused", "notice_sha256": "0" * 64, "evidence": {"act": "toggle"}}
DISPUTE = {"payload_id": "0" * 32, "words": "That is not so."}


@dataclass(frozen=True, slots=True)
class Seed:
    """A request as it should be; `{call}` and `{who}` stand for a call and a participant that exist."""

    method: str
    path: str
    body: Any = None
    kind: str = JSON


SEEDS: Sequence[Seed] = (
    Seed("POST", "/v1/calls", {"purpose": "sales_coaching", "source": {"kind": "whip"}, "participants": [ANA]}),
    Seed("POST", "/v1/calls/{call}/participants", ANA),
    Seed("POST", "/v1/calls/{call}/participants/{who}/consent", ANSWER),
    Seed("POST", "/v1/calls/{call}/participants/{who}/captions", {"text": "Hello", "start_us": 1, "end_us": 2}),
    Seed("POST", "/v1/calls/{call}/participants/{who}/tokens", {"minutes": 5}),
    Seed("POST", "/v1/calls/{call}/participants/{who}/data/disputes", DISPUTE),
    Seed("POST", "/v1/calls/{call}/whip/{who}", SDP, "application/sdp"),
    Seed("POST", "/v1/reviewer-tokens", {"reviewer": "coach-1", "position": "coach", "minutes": 5}),
    Seed("POST", "/v1/policy/explain", CASE),
    Seed("POST", "/v1/subjects/see", {"person": "customer-18"}),
    Seed("POST", "/v1/subjects/stop", {"person": "customer-18", "modalities": ["face"]}),
    Seed("POST", "/v1/subjects/erase", {"person": "customer-18"}),
    Seed("GET", "/v1/calls?limit=5&cursor=WzEsImEiXQ"),
    Seed("GET", "/v1/audit/entries?limit=5&cursor=WzFd"),
    Seed("GET", "/v1/audit/tile/0/000"),
    Seed("GET", "/v1/calls/{call}/participants/{who}/readings?cursor=WzFd"),
)
JUNK: Sequence[Any] = (
    None, True, 0, -1, 2**31, 2**53, 2**64, -(2**63), 10**400, 0.1, 1e308, "", " ", "\0", "é" * 300, "\ud800", "𝔘" * 80,
    "a" * 5_000, "' OR 1=1 --", "../../etc/passwd", "${jndi:x}", "<b>", [], {}, [[]], [None] * 300, {"a": {"b": {}}},
)  # fmt: skip
HOSTILE: Sequence[bytes] = (
    b"", b"{", b"[" * 20_000, b"{\"a\":" * 5_000, b"null", b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b"NaN", b"1e999",
    b"[1,]", b"{\"minutes\":1,\"minutes\":2}", b"\x00" * 100, b"\"\\ud800\"", b"--x\r\n\r\n", b"9" * 5_000,
)  # fmt: skip
KINDS = (JSON, "text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16", "")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    path: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def mutated(seed: Seed, random: Random, places: Mapping[str, str]) -> Request:
    """A request that is wrong in up to three ways, in its bytes or in its headers; now and then in none."""
    path, body, kind = seed.path.format_map(places), seed.body, seed.kind
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        if random.random() < 0.15:
            path = _path(path, random)
        elif isinstance(body, dict):
            body = _changed(body, random)
    content = b"" if body is None else body.encode(errors="surrogatepass") if isinstance(body, str) else _text(body)
    if random.random() < 0.25:
        content = _bytes(content, random)
    if random.random() < 0.05:
        kind = random.choice(KINDS)
    headers = {"Content-Type": kind} if kind else {}
    if random.random() < 0.1:
        headers["Idempotency-Key"] = "".join(random.choices("abc-:'\" ", k=random.randint(0, 140)))
    return Request(seed.method, path, content, headers)


def _text(body: Any) -> bytes:  # noqa: ANN401
    return json.dumps(body).encode()


def _changed(value: Any, random: Random) -> Any:  # noqa: ANN401
    """A value with one of its parts replaced, renamed, doubled or left out, at any depth."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        key = random.choice(list(value))
        match random.randint(0, 4):
            case 0:
                return {name: part for name, part in value.items() if name != key}
            case 1:
                return {(name[:-1] if name == key else name): part for name, part in value.items()}
            case 2:
                return {**value, random.choice(("x", "__proto__", key + key, "")): random.choice(JUNK)}
            case _:
                return {**value, key: _changed(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.7:
        place = random.randrange(len(value))
        return [
            _changed(part, random) if at == place else part for at, part in enumerate(value * random.choice((1, 1, 60)))
        ]
    return random.choice(JUNK)


def _bytes(content: bytes, random: Random) -> bytes:
    match random.randint(0, 4):
        case 0:
            return random.choice(HOSTILE)
        case 1:
            return content[: random.randint(0, len(content))]
        case 2:
            return content + random.choice(HOSTILE)
        case _:
            found = bytearray(content or b" ")
            for _ in range(random.randint(1, 8)):
                found[random.randrange(len(found))] = random.randrange(256)
            return bytes(found)


def _path(path: str, random: Random) -> str:
    at = random.randint(4, len(path))
    piece = random.choice(
        ("%00", "%ff", "%2e%2e%2f", "a" * 300, "?", "&cursor=", "?limit=-1", "?limit=9e9", "/", "%F0%9F")
    )
    return path[:at] + piece + path[random.choice((at, at + 1, len(path))) :]
