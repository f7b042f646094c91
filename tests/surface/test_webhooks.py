"""Webhooks as Standard Webhooks 1.0.0 has them: bodies, signatures, secrets, types."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.v1.http import from_http
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from countenance.contracts.call import Call, Purpose
from countenance.contracts.errors import UsageError
from countenance.surface.envelope import AGGREGATE, CALL_SUMMARY, NOTE_ACCEPTED, SAMPLE, Envelopes
from countenance.surface.webhooks import (
    ERASED,
    LARGEST_BYTES,
    TEST,
    THIN,
    Bodies,
    Letter,
    check_types,
    headers,
    new_secret,
    pause_asked,
    sign,
    verifier_of,
    wants,
)

KEY = bytes(range(32))
SECRET = new_secret(KEY)
AT = datetime(2026, 11, 22, 9, 30, 0, 500_000, UTC)
BODIES = Bodies("acme", "https://signals.example.com")
ENVELOPE = {
    "specversion": "1.0", "id": "own", "source": "/deployments/acme/calls/c1", "type": "t",
    "time": "2026-11-22T09:30:00Z", "sequence": "000000000004", "subject": "participants/p_1",
    "datacontenttype": "application/json", "dataschema": "/schemas/t.json", "dataclassification": "restricted",
    "data": {"probability": 0.7},
}  # fmt: skip


def letter(
    payload: object = None, topic: str = "io.countenance.consent.changed.v1", call: str | None = "c 1"
) -> Letter:
    plain = payload if isinstance(payload, bytes) else b"" if payload is None else json.dumps(payload).encode()
    return Letter("e" * 32, topic, call, 17, 2, 1_795_339_800_000_001, plain)


def body(one: Letter, *, full: bool = False, bodies: Bodies = BODIES) -> dict[str, Any]:
    return dict(json.loads(bodies.write(one, full=full)))


def test_a_thin_body_says_that_something_is_there_and_where_to_get_it() -> None:
    assert body(letter({"participant_id": "p/1", "status": "given"})) == {
        "specversion": "1.0",
        "id": "e" * 32,
        "source": "/deployments/acme/calls/c%201",
        "type": "io.countenance.consent.changed.v1",
        "subject": "participants/p%2F1",
        "time": "2026-11-22T09:30:00.000001Z",
        "sequence": "000000017002",
        "dataref": f"https://signals.example.com/v1/events/{'e' * 32}",
    }


def test_an_envelope_keeps_its_own_name_and_time() -> None:
    thin = body(letter(ENVELOPE))
    assert set(thin) == set(THIN)
    assert (thin["id"], thin["time"], thin["sequence"]) == ("own", "2026-11-22T09:30:00Z", "000000017002")
    assert body(letter(ENVELOPE), full=True) == {**ENVELOPE, **thin}


def test_health_data_is_never_in_a_body() -> None:
    one = letter({**ENVELOPE, "datacategory": "special-category,phi"})
    assert body(one, full=True) == body(one)
    assert "data" not in body(one, full=True)


@pytest.mark.parametrize("kind", ["signal.engagement_low.started", "signal.sample", "prompt.issued"])
def test_what_was_read_of_one_person_is_in_no_body(kind: str) -> None:
    one = letter(ENVELOPE, f"io.countenance.{kind}.v1")
    assert body(one, full=True) == body(one)


def test_what_a_group_showed_may_be_in_a_body() -> None:
    block = {"group": {"size": 12, "k": 10}}
    assert body(letter(block, AGGREGATE), full=True)["data"] == block


def test_what_is_too_large_is_sent_thin() -> None:
    edge = len(BODIES.write(letter({"x": ""}), full=True))
    fits, exceeds = (letter({"x": "y" * (LARGEST_BYTES - edge - n)}) for n in (1, 0))
    assert len(BODIES.write(fits, full=True)) == LARGEST_BYTES - 1
    assert "data" not in body(exceeds, full=True)
    assert len(BODIES.write(exceeds, full=True)) < 400


def test_a_tombstone_and_a_test_carry_their_data_for_there_is_nothing_to_fetch() -> None:
    said = {"participant_id": "p_1", "receipt_id": "r"}
    assert body(letter(said, ERASED))["data"] == said
    assert body(letter({"message": "m"}, TEST, None))["data"] == {"message": "m"}


def test_apart_from_a_call_the_own_id_of_a_person_stands_in_no_attribute() -> None:
    thin = body(letter({"participant_id": "ann@example.com"}, call=None), bodies=Bodies("acme"))
    assert thin["source"] == "/deployments/acme"
    assert thin["dataref"] == f"/v1/events/{'e' * 32}"
    assert "ann" not in json.dumps(thin)


def test_a_note_that_has_left_says_where_it_is_and_never_what_it_says() -> None:
    call = Call("c1", "acme", Purpose.SALES_COACHING, (), "2026-11-22T09:00:00Z")
    data: dict[str, object] = {"note_id": "n1", "system": "crm", "participant_id": "p1"}
    one = letter(Envelopes(call).note(4, data, 0, "/v1/calls/c1/participants/p1/notes/crm"), NOTE_ACCEPTED, "c1")
    thin = body(one)
    assert thin["dataref"] == "https://signals.example.com/v1/calls/c1/participants/p1/notes/crm"
    assert "data" not in thin
    assert body(one, full=True)["data"] == data


def test_the_end_of_a_call_says_where_its_summary_is() -> None:
    one = letter(topic=CALL_SUMMARY)
    call = Call("c 1", "acme", Purpose.SUPPORT_QA, (), "2026-11-22T09:00:00Z")
    own = Envelopes(call).summary(4, 0)
    assert body(one)["dataref"] == "https://signals.example.com/v1/calls/c%201/summary"
    assert "data" not in body(one)
    full = body(one, full=True)
    assert (full["source"], full["type"], full["data"]) == (own["source"], own["type"], own["data"])
    assert body(letter(topic=CALL_SUMMARY, call=None))["dataref"].endswith("e" * 32)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", {}), (b"{}", {}), (b"[1]", {"data_base64": "WzFd"}), (b"\xff\x00", {"data_base64": "/wA="}),
    ],
)  # fmt: skip
def test_whatever_was_put_out_makes_a_body(payload: bytes, said: dict[str, object]) -> None:
    full = body(letter(payload), full=True)
    assert {name: value for name, value in full.items() if name.startswith("data") and name != "dataref"} == said


@pytest.mark.parametrize("full", [True, False])
def test_a_body_is_a_cloud_event_that_others_can_read(full: bool) -> None:
    for one in (letter(ENVELOPE), letter({"participant_id": "p_1"}), letter(b"\xff")):
        raw = BODIES.write(one, full=full)
        read = JSONFormat().read(None, raw)
        assert read.get_type() == body(one)["type"]
        assert from_http({"content-type": "application/cloudevents+json"}, raw)["sequence"] == "000000017002"


@given(st.binary(min_size=0, max_size=200), st.booleans())
def test_the_same_letter_gives_the_same_bytes(payload: bytes, full: bool) -> None:
    assert BODIES.write(letter(payload), full=full) == BODIES.write(letter(payload), full=full)


def test_a_receiver_with_the_standard_library_of_webhooks_accepts_it() -> None:
    now = datetime.now(UTC)
    raw = BODIES.write(letter(ENVELOPE), full=True)
    said = dict(headers("msg_1", raw, [SECRET], now))
    assert said["content-type"] == "application/cloudevents+json"
    assert Webhook(SECRET).verify(raw, said)["data"] == {"probability": 0.7}
    for wrong in (
        {"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(now.timestamp()) + 1)},
        {"webhook-signature": "v1," + "A" * 44},
    ):  # fmt: skip
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(raw, {**said, **wrong})
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(raw + b" ", said)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret(bytes(32))).verify(raw, said)


@pytest.mark.parametrize(("minutes", "accepted"), [(-6, False), (-4, True), (4, True), (6, False)])
def test_a_signature_lasts_five_minutes(minutes: int, accepted: bool) -> None:
    said = dict(headers("m", b"{}", [SECRET], datetime.now(UTC) + timedelta(minutes=minutes)))
    if accepted:
        assert Webhook(SECRET).verify(b"{}", said) == {}
    else:
        with pytest.raises(WebhookVerificationError, match="timestamp too"):
            Webhook(SECRET).verify(b"{}", said)


def test_while_a_secret_takes_the_place_of_another_both_are_accepted() -> None:
    later = new_secret(bytes(reversed(KEY)))
    said = dict(headers("m", b"{}", [later, SECRET], datetime.now(UTC)))
    assert len(said["webhook-signature"].split(" ")) == 2
    for secret in (later, SECRET):
        assert Webhook(secret).verify(b"{}", said) == {}


def test_an_ed25519_signature_is_checked_with_the_public_key() -> None:
    secret = new_secret(KEY, asymmetric=True)
    public = verifier_of(secret)
    assert (secret[:5], public[:5]) == ("whsk_", "whpk_")
    version, signed = sign(secret, "msg_1", b"{}", AT).split(",")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    key.verify(base64.b64decode(signed), f"msg_1.{int(AT.timestamp())}.{{}}".encode())
    assert version == "v1a"
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signed), b"msg_1.0.{}")
    with pytest.raises(UsageError, match="no secret"):
        sign("whpk_x", "m", b"", AT)


@pytest.mark.parametrize("asymmetric", [True, False])
@given(st.integers(-14, 14), st.integers(0, 2**31 - 1))
def test_the_same_instant_signs_the_same_in_every_zone(asymmetric: bool, hours: int, second: int) -> None:
    # standardwebhooks 1.1 replaces the zone instead of converting.
    secret = new_secret(KEY, asymmetric=asymmetric)
    at = datetime.fromtimestamp(second, UTC)
    there = at.astimezone(timezone(timedelta(hours=hours)))
    assert headers("m", b"{}", [secret], at) == headers("m", b"{}", [secret], there)
    assert headers("m", b"{}", [secret], there)["webhook-timestamp"] == str(second)


def test_a_time_without_a_zone_is_refused() -> None:
    for secret in (SECRET, new_secret(KEY, asymmetric=True)):
        with pytest.raises(UsageError, match="no time zone"):
            headers("m", b"{}", [secret], datetime(2026, 11, 22, 9))  # noqa: DTZ001


def test_a_secret_is_made_of_32_random_bytes() -> None:
    assert base64.b64decode(SECRET.removeprefix("whsec_")) == KEY
    assert verifier_of(SECRET) == SECRET
    with pytest.raises(UsageError, match="32 random bytes"):
        new_secret(b"short")


@pytest.mark.parametrize(
    ("types", "topic", "wanted"),
    [
        ((), "io.countenance.consent.changed.v1", True), ((), SAMPLE, False), ((), TEST, True),
        ((SAMPLE,), SAMPLE, True), ((SAMPLE,), "io.countenance.call.summary.v1", False), ((SAMPLE,), ERASED, True),
        (("engagement_low",), "io.countenance.signal.engagement_low.started.v1", True),
        (("engagement_low",), "io.countenance.signal.engagement_lower.started.v1", False),
        (("io.countenance.signal.*",), "io.countenance.signal.frustration_spike.ended.v1", True),
        (("io.countenance.*",), SAMPLE, True), (("io.countenance.signal.sample",), SAMPLE, False),
    ],
)  # fmt: skip
def test_an_endpoint_gets_the_types_it_asked_for(types: tuple[str, ...], topic: str, wanted: bool) -> None:
    assert wants(check_types(types), topic) is wanted


@pytest.mark.parametrize("name", ["", "*", "io.*", "com.example.x", "io.countenance.*.x", "io.countenance.X", "low"])
def test_a_type_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no type of event"):
        check_types([name])


def test_types_are_kept_once() -> None:
    assert check_types(["engagement_low", "io.countenance.signal.engagement_low.*"]) == (
        "io.countenance.signal.engagement_low.*",
    )


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None), ("0", 0), (" 120 ", 120), ("Sun, 22 Nov 2026 09:31:00 GMT", 59.5), ("9" * 400, 999_999_999),
        ("Sun, 22 Nov 2026 09:31:00", 59.5), ("Sun, 22 Nov 2020 09:31:00 GMT", 0), ("-5", None), ("soon", None),
        ("", None), ("1.5", None), ("\u00b2", None), ("Sun, 99 Nov 2026 09:31:00 GMT", None),
        ("Sun, 22 Nov 2" + "9" * 20 + " 09:31:00 GMT", None),
    ],
)  # fmt: skip
def test_how_long_a_receiver_asks_to_be_left_alone(said: str | None, seconds: float | None) -> None:
    assert pause_asked(said, AT) == (None if seconds is None else seconds * 1_000_000)


@given(st.text(max_size=40))
def test_no_text_is_a_pause_that_ends_before_it_begins(said: str) -> None:
    assert (pause_asked(said, AT) or 0) >= 0
