"""Tokens and webhooks against LiveKit's own package, which checks ours and signs what ours checks."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.capture.livekitaccess import LEEWAY_S, TTL_S, LivekitAccess, LivekitRoom, RoomNews
from countenance.contracts.errors import UnauthenticatedError, UsageError

api = pytest.importorskip("livekit.api")

KEYS = {
    "LIVEKIT_URL": "wss://livekit.example",
    "LIVEKIT_API_KEY": "APIkey",
    "LIVEKIT_API_SECRET": "a-secret-of-more-than-thirty-two-bytes",
}
ACCESS = LivekitAccess.of(KEYS)
ROOM = LivekitRoom(room="lesson-7")
EVENT = {
    "event": "participant_joined",
    "id": "EV_1",
    "createdAt": "1763800000",
    "room": {"sid": "RM_1", "name": "lesson-7"},
    "participant": {"sid": "PA_1", "identity": "ana"},
}
BODY = json.dumps(EVENT).encode()


def now_s() -> int:
    return int(datetime.now(UTC).timestamp())


def signed(body: bytes, secret: str = ACCESS.secret, key: str = ACCESS.key) -> str:
    """As a LiveKit server signs a webhook."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token: str = api.AccessToken(key, secret).with_sha256(digest).with_ttl(timedelta(minutes=5)).to_jwt()
    return token


def test_keys_come_from_the_environment_and_the_secret_is_never_shown() -> None:
    assert (ACCESS.url, ACCESS.key) == ("wss://livekit.example", "APIkey")
    assert ACCESS.secret not in repr(ACCESS)
    with pytest.raises(UsageError, match="LIVEKIT_URL, LIVEKIT_API_SECRET"):
        LivekitAccess.of({"LIVEKIT_API_KEY": "k"})


def test_the_token_enters_one_room_as_a_visible_listener_for_ten_minutes() -> None:
    at = now_s()
    token = ACCESS.token(ROOM, at)
    claims = api.TokenVerifier(ACCESS.key, ACCESS.secret).verify(token)
    assert claims.identity == "countenance"
    assert claims.name == ROOM.display
    assert claims.attributes == {"countenance.tap": "true"}
    grants = claims.video
    assert (grants.room_join, grants.room, grants.hidden) == (True, "lesson-7", False)
    assert (grants.can_publish, grants.can_subscribe, grants.can_publish_data) == (False, True, True)
    assert not any((grants.room_admin, grants.room_create, grants.room_list, grants.room_record))
    assert not grants.can_update_own_metadata
    raw = jwt.decode(token, ACCESS.secret, algorithms=["HS256"])
    assert (raw["nbf"], raw["exp"] - raw["nbf"]) == (at, TTL_S)
    assert TTL_S <= 600


def test_a_webhook_that_the_server_signed_is_read_as_its_own_package_reads_it() -> None:
    token = signed(BODY)
    news = ACCESS.webhook(BODY, token, now_s())
    theirs = api.WebhookReceiver(api.TokenVerifier(ACCESS.key, ACCESS.secret)).receive(BODY.decode(), token)
    visit, at_s = theirs.participant.sid, theirs.created_at
    assert news == RoomNews(theirs.id, theirs.event, theirs.room.name, theirs.participant.identity, None, visit, at_s)
    track = json.dumps({"event": "track_published", "track": {"sid": "TR_1"}}).encode()
    assert ACCESS.webhook(track, signed(track), now_s()) == RoomNews("", "track_published", "", None, "TR_1")


@pytest.mark.parametrize(
    "token",
    [
        signed(BODY, secret="another-secret-of-more-than-thirty-two-bytes"),
        signed(BODY, key="APIother"),
        signed(BODY + b" "),
        ACCESS.token(ROOM, now_s()),
        jwt.encode({"iss": ACCESS.key, "sha256": "x"}, ACCESS.secret, algorithm="HS256"),
        jwt.encode({"iss": ACCESS.key, "exp": 2**40, "sha256": "?"}, ACCESS.secret, algorithm="HS256"),
        jwt.encode({"iss": ACCESS.key, "exp": 2**40}, "", algorithm="none"),
        "",
        "Bearer x",
    ],
)
def test_a_webhook_that_anybody_else_made_is_not_believed(token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        ACCESS.webhook(BODY, token, now_s())


def test_a_webhook_of_another_time_is_not_believed() -> None:
    token, at = signed(BODY), now_s()
    assert ACCESS.webhook(BODY, token, at + 300 + LEEWAY_S - 5)
    for moment in (at + 300 + LEEWAY_S + 5, at - LEEWAY_S - 5):
        with pytest.raises(UnauthenticatedError, match="out of date"):
            ACCESS.webhook(BODY, token, moment)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event": 1, "room": 3}', b"\xff", b"[" * 9000])
def test_a_signed_body_that_cannot_be_read_is_an_error_with_a_reason(body: bytes) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        ACCESS.webhook(body, signed(body), now_s())


@given(st.binary(max_size=80), st.text(max_size=80))
def test_whatever_is_sent_is_refused_and_never_breaks(body: bytes, token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        ACCESS.webhook(body, token, 1_763_800_000)
