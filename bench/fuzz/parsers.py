"""Everything in the product that reads what somebody else wrote, each with samples of what it should be given.

A parser takes the bytes of one case and reads them or raises a `CountenanceError`; anything else is a miss.
"""

import asyncio
import json
import tomllib
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from importlib.resources import as_file, files
from itertools import count
from pathlib import Path
from typing import Any, cast

import jwt
from aiortc.rtp import RtpPacket

from bench.live.malformed_media import FRAGMENT, offered
from bench.live.mutations import SDP
from countenance.aggregation.taxonomy import read_taxonomy
from countenance.audit.checkpoint import Checkpoint, open_checkpoint
from countenance.audit.claim import parse_claim
from countenance.audit.entries import Stamp, entry_of, leaf_of
from countenance.audit.note import SigningKey, parse_note, sign_note
from countenance.audit.proof import Proof, parse_proof
from countenance.audit.tiles import decode_bundle, decode_tile, encode_bundle, encode_tile, parse_path
from countenance.capture.captions import read_json_lines, read_srt, read_webvtt
from countenance.capture.januswire import JanusWire
from countenance.capture.livekitaccess import LivekitAccess, issuer_of
from countenance.capture.offers import checked_fragment, checked_offer
from countenance.capture.rtp import Assembler, Codec
from countenance.capture.sidecar import Sidecar
from countenance.coaching.playbook import read_playbook
from countenance.consent.receipt import check_receipt
from countenance.deployment import build_deployment
from countenance.inference.bundle import read_card
from countenance.inference.onnxfile import read_facts
from countenance.inference.safetensor import read_header
from countenance.link.frames import frame, read_frame
from countenance.policy.lawfile import read_law
from countenance.server.configfile import load
from countenance.server.meeting import Meeting, Member
from countenance.server.paging import decode, encode
from countenance.server.tokens import Seat, Tokens, tenant_of
from countenance.storage.clocks import SystemClock
from countenance.surface.webhooks import pause_asked

Take = Callable[[bytes], object]

LOOP = asyncio.new_event_loop()
KEY = SigningKey("log.example", bytes(range(32)))
SECRET = "0123456789abcdef0123456789abcdef"
LIVEKIT = LivekitAccess("wss://livekit.example", "key", SECRET)
NOW_S = 1_790_000_000
DEEP: Sequence[bytes] = (
    b"", b"\0" * 64, b"[" * 50_000, b'{"a":' * 20_000, b"a = " + b"[" * 20_000, b"a=" + b"{b=" * 9_000, b"9" * 20_000,
    b"\xff\xfe\xfd", "\ud800".encode("utf-8", "surrogatepass"), b"\n" * 9_000, b"a.b." * 2_000, b"\xef\xbb\xbf{}",
)  # fmt: skip
"""What is given to every parser beside its own samples: nothing, too much of one thing, and what nests without end."""


@dataclass(frozen=True, slots=True)
class Parser:
    """One reader of foreign bytes."""

    name: str
    samples: Sequence[bytes]
    take: Take


def parsers(folder: Path) -> Sequence[Parser]:
    """All of them; what reads files reads them in `folder`."""
    return [*_logs(), *_signalling(), *_media(), *_words(), *_credentials(), *_lines(), *_files(folder)]


def _logs() -> Iterator[Parser]:
    hashes = [sha256(bytes([n])).digest() for n in range(40)]
    note = sign_note(Checkpoint(KEY.name, 1_000_000, hashes[0]).text, KEY).data
    leaf = leaf_of(7, "CONFIG", Stamp("2026-11-23T09:00:00.000000Z", 5, "boot"), "default", {"software": "0"})
    proof = Proof(7, tuple(hashes[:20]), note, leaf).data
    receipt = {"leaf": "e30=", "proof": proof.decode(), "log": {"vkey": str(KEY.verifier)}}
    tile = parse_path("tile/0/x001/234.p/40")
    yield Parser("note", [note], parse_note)
    yield Parser("checkpoint", [note], lambda data: open_checkpoint(data, [KEY.verifier]))
    yield Parser("proof", [proof], parse_proof)
    yield Parser("claim", [proof, _json(receipt)], parse_claim)
    yield Parser("entry", [leaf], entry_of)
    yield Parser("tile", [encode_tile(hashes)], lambda data: decode_tile(tile, data))
    yield Parser("bundle of entries", [encode_bundle([leaf] * 40)], lambda data: decode_bundle(tile, data))
    yield Parser("tile path", [b"tile/0/x001/234.p/40", b"tile/entries/000"], lambda data: parse_path(_text(data)))
    said = {"leaf": "e30=", "salt": "00" * 32, "purposes": [{"modality": "face", "purpose": "x", "status": "given"}]}
    whole = said | {"audit": {"seq": 1}, "proof": "", "log": {}, "receipt_id": "r", "version": "1"}
    yield Parser("consent receipt", [_json(whole)], lambda data: _of_table(data, check_receipt))


def _signalling() -> Iterator[Parser]:
    yield Parser("SDP offer", [LOOP.run_until_complete(offered()).encode()], lambda data: checked_offer(_text(data)))
    yield Parser("ICE fragment", [FRAGMENT.encode()], lambda data: checked_fragment(_text(data)))
    happened = {"janus": "event", "sender": 5, "plugindata": {"plugin": "p", "data": {"videoroom": "event"}}}
    answered = {"janus": "success", "transaction": "t1", "data": {"id": 7}}
    yield Parser(
        "Janus message", [_json(happened), _json(answered)], lambda data: LOOP.run_until_complete(_janus(data))
    )
    hello = _json({"event": "hello", "version": 1, "router": {"codecs": []}})
    yield Parser("mediasoup sidecar", [hello], lambda data: LOOP.run_until_complete(_sidecar(data)))
    said = [_json({"to": "ben", "data": {"sdp": SDP}}), _json({"data": {"muted": True}})]
    yield Parser("meeting message", said, _met)


async def _line(data: bytes) -> AsyncIterator[str]:
    yield _text(data)


async def _janus(data: bytes) -> None:
    await JanusWire(cast("Any", _line(data)), None, lambda _: None).listen()


async def _sidecar(data: bytes) -> object:
    return [said async for said in Sidecar(cast("Any", None), "tap", "192.0.2.1", _line(data)).events()]


def _met(data: bytes) -> bool:
    meeting, ana = Meeting(), Member("ana", "Ana")
    meeting.enter(ana)
    meeting.enter(Member("ben", "Ben"))
    return meeting.pass_on(ana, _text(data))


def _media() -> Iterator[Parser]:
    descriptors = {"vp8": b"\x90\x80\x05\x30\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00" + b"\x11" * 60, "opus": b"\x78" * 40}
    descriptors["h264"] = b"\x7c\x85" + b"\x11" * 60
    for name, payload in descriptors.items():
        packets = []
        for marker in (0, 1):
            packet = RtpPacket(payload_type=96, marker=marker, sequence_number=7, timestamp=9_000, ssrc=5)
            packet.payload = payload
            packets.append(packet.serialize())
        assembler, clock = Assembler(Codec(name, 96, 90_000)), count(step=1_000)
        yield Parser(f"RTP {name}", packets, partial(_assembled, assembler, clock))


def _assembled(assembler: Assembler, clock: Iterator[int], data: bytes) -> object:
    return assembler.add(data, next(clock))


def _words() -> Iterator[Parser]:
    vtt = b"WEBVTT\n\nSTYLE\n::cue {}\n\n1\n00:00:01.000 --> 00:00:02.500 align:start\n<v Ana>Hello <b>there</b>\n\n"
    srt = b"1\n00:00:01,000 --> 00:00:02,500\nAna: Hello there\n\n2\n00:00:03,000 --> 00:00:04,000\nYes.\n"
    line = _json({"speaker": "Ana", "start": 1.0, "end": 2.5, "text": "Hello"})
    yield Parser("WebVTT", [vtt], lambda data: list(read_webvtt(_text(data))))
    yield Parser("SubRip", [srt], lambda data: list(read_srt(_text(data))))
    yield Parser("JSON lines", [line + b"\n" + line], lambda data: list(read_json_lines(_text(data))))


def _credentials() -> Iterator[Parser]:
    tokens = Tokens("default", SECRET.encode(), SystemClock())
    own = tokens.for_participant(Seat("call", "ana")).encode()
    body = _json({"event": "participant_joined", "room": {"name": "r"}, "participant": {"identity": "a"}, "id": "1"})
    signed = jwt.encode(
        {"iss": "key", "exp": NOW_S + 60, "sha256": b64encode(sha256(body).digest()).decode()}, SECRET, "HS256"
    ).encode()
    yield Parser("participant token", [own], lambda data: tokens.check(_text(data)))
    yield Parser("audience of a token", [own], lambda data: tenant_of(_text(data)))
    yield Parser("LiveKit webhook", [body], _webhook)
    yield Parser("LiveKit signature", [signed], lambda data: LIVEKIT.webhook(body, _text(data), NOW_S))
    yield Parser("LiveKit issuer", [signed], lambda data: issuer_of(_text(data)))
    yield Parser("cursor", [encode(5, "a").encode()], lambda data: decode(_text(data), int, str))
    after = [b"120", b"Wed, 21 Oct 2026 07:28:00 GMT"]
    yield Parser("Retry-After", after, lambda data: pause_asked(_text(data), datetime.now(UTC)))


def _webhook(data: bytes) -> object:
    """A body that the server did sign: only then is it looked at."""
    claims = {"iss": "key", "exp": NOW_S + 60, "sha256": b64encode(sha256(data).digest()).decode()}
    return LIVEKIT.webhook(data, jwt.encode(claims, SECRET, "HS256"), NOW_S)


def _lines() -> Iterator[Parser]:
    sample = frame({"number": 1, "kind": "Ask", "message": {"call_id": "c", "start_us": 0, "end_us": 1_000_000}})

    async def read(data: bytes) -> object:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await read_frame(reader)

    yield Parser("worker frame", [sample], lambda data: LOOP.run_until_complete(read(data)))


def _files(folder: Path) -> Iterator[Parser]:
    def reading(name: str, read: Callable[[Path], object]) -> Take:
        path = folder / name
        path.parent.mkdir(exist_ok=True)

        def take(data: bytes) -> object:
            path.write_bytes(data)
            return read(path)

        return take

    laws = files("countenance.policy") / "laws"
    texts = [one.read_bytes() for one in sorted(laws.iterdir(), key=lambda one: one.name) if one.name.endswith(".toml")]
    yield Parser("law", texts, reading("law.toml", read_law))
    yield Parser("playbook", _shipped("countenance.coaching", ".v1.toml"), reading("book.toml", read_playbook))
    yield Parser("taxonomy", _shipped("countenance.aggregation", ".toml"), reading("states.toml", read_taxonomy))
    config = (
        b'[server]\nport = 8080\nhost = "127.0.0.1"\n[limits]\nparticipants = 50\n[media]\nice_servers = ["stun:x"]\n'
    )
    yield Parser("configuration", [config], reading("serve.toml", lambda path: load(path, {})))
    call = b'deployment_id = "d"\npurpose = "sales_coaching"\n[[participant]]\nname = "Ana"\nrole = "customer"\n'
    yield Parser("deployment", [call], lambda data: build_deployment(_toml(data), "deployment.toml"))
    with as_file(files("countenance") / "models") as models:
        cards = [path.read_bytes() for path in sorted(models.glob("*/card.toml"))]
        small = min(models.glob("*/model.onnx"), key=lambda path: path.stat().st_size).read_bytes()
    yield Parser("model card", cards, reading("card/card.toml", lambda path: read_card(path.parent)))
    yield Parser("ONNX file", [small], reading("model.onnx", read_facts))
    header = _json({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}, "__metadata__": {"a": "b"}})
    tensors = len(header).to_bytes(8, "little") + header + bytes(16)
    yield Parser("safetensors", [tensors], reading("w.safetensors", read_header))


def _shipped(package: str, ending: str) -> list[bytes]:
    with as_file(files(package)) as folder:
        return [path.read_bytes() for path in sorted(folder.rglob(f"*{ending}"))]


def _toml(data: bytes) -> dict[str, Any]:
    """As the commands read it: only what is TOML reaches the schema."""
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return {}


def _of_table(data: bytes, take: Callable[[dict[str, Any]], object]) -> object:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return take(table) if isinstance(table, dict) else None


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _text(data: bytes) -> str:
    """As text that came over the network: what is no UTF-8 does not come so far."""
    return data.decode("utf-8", errors="replace")
