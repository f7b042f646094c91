"""What holds for every answer and every request: types, caching, logging, forwarded headers, odd tokens."""

import base64
import hashlib
import hmac
import json
import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.server.api.scene import SECRET, Scene

from countenance.contracts.call import Role
from countenance.contracts.errors import UnauthenticatedError
from countenance.server.keys import NewKey
from countenance.server.limits import Limiter, Rate
from countenance.server.live import Joining, NewCall
from countenance.server.scopes import Position, Scope
from countenance.server.tokens import Seat

EVERY = frozenset(Scope) - {Scope.PARTICIPANT}
HOUR = "public, max-age=3600"
OPEN = {"/privacy/retention/one": HOUR, "/.well-known/countenance/one": HOUR, "/static/page.css": "no-cache"}
"""What says nothing of anybody and may be kept for a while."""
ENDLESS = "/v1/calls/{call_id}/events"
PLENTY = Rate(1e9, 10**9)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def readable(scene: Scene) -> list[str]:
    """The addresses of everything that can be read, with the ids of a call that runs."""
    live = await scene.one.calls.open(NewCall(participants=(Joining("Ana", Role.CUSTOMER, "customer-17"),)))
    ids = {"call_id": live.id, "participant_id": live.call.participants[0].id, "path": "0/000.p/1"}
    ids |= {"tenant": "one", "slug": "conflict", "name": "sales-discovery.v1", "model": "face-cues.v1", "seq": "0"}
    ids["system"] = "crm"
    ids |= dict.fromkeys(("receipt_id", "erasure_id", "event_id", "endpoint_id"), "0" * 32)
    found = []
    async with scene.client() as client:
        for path, verbs in (await client.get("/openapi.json")).json()["paths"].items():
            if "get" in verbs and path != ENDLESS:
                found.append(path.format(**ids))
    return [
        *found,
        "/",
        "/sign-in",
        "/openapi.json",
        "/llms.txt",
        "/static/page.css",
        "/static/",
        "/nowhere",
        "/privacy/retention/one",
    ]


async def test_reading_changes_nothing_and_every_answer_says_its_type_and_is_cached_by_nobody(scene: Scene) -> None:
    paths = await readable(scene)
    before = Counter(entry.kind for entry in scene.one.tenant.log.entries())
    async with scene.client(scene.key(Position.COACH, scopes=EVERY)) as client:
        answers = {path: await client.get(path) for path in paths}
    assert Counter(one.status_code for one in answers.values())[200] > 30
    for path, answer in answers.items():
        assert answer.status_code < 500 or path == "/readyz", path
        kind = answer.headers.get("content-type", "")
        assert kind or not answer.content, path
        assert not kind.startswith("text/") or "charset=utf-8" in kind.lower(), (path, kind)
        assert answer.headers["cache-control"] in ("no-store", OPEN.get(path)), path
    after = Counter(entry.kind for entry in scene.one.tenant.log.entries())
    # A look is noted, and that a notice was shown; nothing else comes of a GET.
    assert set(after - before) == {"ACCESS", "EXPORT", "NOTICE"}, after - before


async def test_no_folder_is_listed(scene: Scene) -> None:
    async with scene.client() as client:
        for path in ("/static", "/static/", "/static/vendor", "/static/vendor/", "/schemas/"):
            assert (await client.get(path)).status_code in (404, 422), path


async def test_downloads_have_names_of_our_own(scene: Scene) -> None:
    live = await scene.one.calls.open(NewCall(participants=(Joining('A"; x=\r\n../b', Role.CUSTOMER, "customer-17"),)))
    async with scene.client(scene.key(Position.COACH, scopes=EVERY)) as client:
        for path in ("/v1/evidence", f"/v1/calls/{live.id}/summary.pdf"):
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            kind, _, name = answer.headers["content-disposition"].partition("; ")
            assert kind == "attachment"
            assert name.removeprefix('filename="').removesuffix('"').replace("-", "").replace(".", "").isalnum()


async def test_forwarding_headers_are_not_believed(scene: Scene) -> None:
    scene.site.limiter = Limiter(PLENTY, Rate(0.001, 3), scene.clock)
    async with scene.client() as client:
        said = []
        for number in range(4):
            address = f"192.0.2.{number}"
            told = {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address};proto=https"}
            said.append(await client.get("/healthz", headers={**told, "X-Forwarded-Proto": "https"}))
    assert [one.status_code for one in said] == [200, 200, 200, 429]
    assert not any("strict-transport-security" in one.headers for one in said)


async def test_signing_in_and_every_refusal_is_logged(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    text = scene.key(Position.COACH)["Authorization"].removeprefix("Bearer ")
    caplog.set_level(logging.INFO, "countenance.server")
    async with scene.client({"Accept": "*/*"}) as client:
        for credential in (text, "ctn_wrong"):
            await client.post("/session", json={"credential": credential})
        own = {"X-Countenance-As": "coach"}
        await client.get("/v1/settings", headers=own)
        await client.post("/v1/calls", headers=own, json={})
        await client.get("/v1/calls?limit=-1", headers=own)
    noted = [one.__dict__ for one in caplog.records if one.name == "countenance.server"]
    assert [(one["route"], one["status"]) for one in noted] == [
        ("/session", 201), ("/session", 401), ("/v1/settings", 403), ("/v1/calls", 403), ("/v1/calls", 422),
    ]  # fmt: skip
    assert [one["actor"] for one in noted] == [f"key:{text.split('_')[1]}", None, *[f"key:{text.split('_')[1]}"] * 3]
    assert text.split("_")[2] not in json.dumps([{k: str(v) for k, v in one.items()} for one in noted])


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    """A token with a header of one's own, under HMAC-SHA256 whatever the header says."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    mac = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def test_neither_algorithm_nor_key_comes_from_the_token(scene: Scene) -> None:
    tokens, secret = scene.one.tokens, SECRET + b"one"
    genuine = tokens.for_participant(Seat("c_1", "p_1"))
    claims = json.loads(base64.urlsafe_b64decode(genuine.split(".")[1] + "=="))
    assert tokens.check(signed({"alg": "HS256", "typ": "JWT"}, claims, secret))
    stranger = b"k" * 32
    key = {"kty": "oct", "k": base64.urlsafe_b64encode(stranger).decode()}
    odd: list[tuple[dict[str, Any], bytes]]
    odd = [({"alg": alg, "typ": "JWT"}, secret) for alg in ("none", "None", "HS384", "RS256", "ES256", "EdDSA", "")]
    odd += [({"alg": "HS256", "jwk": key}, stranger), ({"alg": "HS256", "jku": "https://x.example"}, stranger)]
    odd += [({"alg": "HS256", "kid": "../../dev/null"}, b""), ({"alg": "HS256", "x5u": "https://x.example"}, stranger)]
    for header, under in odd:
        with pytest.raises(UnauthenticatedError):
            tokens.check(signed(header, claims, under))


async def test_a_service_has_no_debugging_and_no_demo(scene: Scene) -> None:
    assert not scene.app.debug
    async with scene.client() as client:
        for path in ("/demo", "/docs", "/redoc", "/debug", "/.git/config", "/.env"):
            assert (await client.get(path)).status_code == 404, path


async def test_words_of_sql_are_words(scene: Scene) -> None:
    for word in ("' OR '1'='1", "x'; DROP TABLE calls; --", '") OR 1=1 --', "%", "\\"):
        live = await scene.one.calls.open(NewCall(participants=(Joining(word, Role.CUSTOMER, "customer-17"),)))
        async with scene.client(scene.key(Position.COMPLIANCE, scopes=EVERY)) as client:
            assert (await client.get(f"/v1/calls/{live.id}")).json()["participants"][0]["name"] == word
            for address in (f"/v1/calls/{quote(word, safe='')}", f"/v1/events/{quote(word, safe='')}"):
                assert (await client.get(address)).status_code in (404, 422), address
            _, row = scene.site.keys.make(NewKey("one", word))
            assert row.label in [one.label for one in scene.site.keys.all()]
