"""Policy, models, log, lists, WHIP and readings over HTTP, and what goes wrong said the one way."""

import base64
import json
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest
from tests.server.api.scene import Scene

from countenance.audit.entries import Stamp, leaf_of
from countenance.audit.outcome import Outcome, Outgoing
from countenance.audit.proof import parse_proof, verify_proof
from countenance.audit.quorum import Policy
from countenance.consent.wording import languages as languages_of_notices
from countenance.contracts.call import FACE
from countenance.link.messages import Signalling
from countenance.server.api.shapes import Language
from countenance.server.kinds import KINDS
from countenance.server.scopes import Position, Scope
from countenance.server.stream import RING
from countenance.storage.clocks import micros

ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}
BEN = {"name": "Ben", "role": "customer", "person": "customer-18"}


async def begun(client: httpx.AsyncClient, *people: dict[str, str]) -> dict[str, Any]:
    call: dict[str, Any] = (await client.post("/v1/calls", json={"participants": people})).json()
    return call


def ids(call: dict[str, Any]) -> list[str]:
    return [one["participant_id"] for one in call["participants"]]


def read(scene: Scene, call: dict[str, Any], who: str, seconds: int = 3) -> None:
    """So many results of a person who has said yes, as a worker hands them in."""
    live = scene.one.calls.get(call["call_id"])
    for second in range(seconds):
        start = second * 1_000_000
        (lease,) = scene.one.control.grant(live.running, start, start + 1_000_000, [who])
        scene.one.control.results(live.running, [Outcome(lease, {FACE: 5}, b'{"scores":{"disengaged":0.7}}')])


async def say_yes(client: httpx.AsyncClient, call: dict[str, Any], who: str) -> None:
    seat = f"/v1/calls/{call['call_id']}/participants/{who}"
    notice = (await client.get(f"{seat}/notice")).json()
    body = {"modality": "face", "status": "given", "notice_sha256": notice["text_sha256"]}
    assert (await client.post(f"{seat}/consent", json=body)).status_code == 201


async def test_a_reviewer_in_the_named_role_reads_and_the_log_knows(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        (who,) = ids(call)
        await say_yes(client, call, who)
    read(scene, call, who)
    address = f"/v1/calls/{call['call_id']}/participants/{who}/readings"
    async with scene.client(scene.reviewer()) as coach:
        first = (await coach.get(f"{address}?limit=2")).json()
        rest = (await coach.get(f"{address}?limit=2&cursor={first['next']}")).json()
    assert [one["data"]["scores"] for one in first["items"] + rest["items"]] == [{"disengaged": 0.7}] * 3
    assert (len(first["items"]), rest["next"]) == (2, None)
    assert [(body["actor"], body["counts"]) for body in scene.entries("ACCESS")] == [
        ("reviewer:coach-7", {"readings": 2}),
        ("reviewer:coach-7", {"readings": 1}),
    ]


@pytest.mark.parametrize("position", [Position.TEACHER, Position.SUPERVISOR, Position.OPERATOR, Position.COMPLIANCE])
async def test_nobody_else_reads_what_was_read_of_a_person(scene: Scene, position: Position) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        (who,) = ids(call)
        await say_yes(client, call, who)
    read(scene, call, who)
    async with scene.client(scene.key(position)) as other:
        refused = await other.get(f"/v1/calls/{call['call_id']}/participants/{who}/readings")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/reviewer-required")
    assert scene.entries("ACCESS") == []


async def test_a_participant_reads_their_own(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA, BEN)
        ana, ben = ids(call)
        await say_yes(client, call, ana)
    read(scene, call, ana)
    async with scene.client(scene.token(scene.one.calls.get(call["call_id"]), ana)) as own:
        mine = await own.get(f"/v1/calls/{call['call_id']}/participants/{ana}/readings")
        other = await own.get(f"/v1/calls/{call['call_id']}/participants/{ben}/readings")
        data = await own.get(f"/v1/calls/{call['call_id']}/participants/{ana}/data")
        about = mine.json()["items"][0]["payload_id"]
        body = {"payload_id": about, "words": "I was reading a document."}
        said = await own.post(f"/v1/calls/{call['call_id']}/participants/{ana}/data/disputes", json=body)
        stray = await own.post(
            f"/v1/calls/{call['call_id']}/participants/{ana}/data/disputes", json=body | {"payload_id": "0" * 32}
        )
    assert (len(mine.json()["items"]), other.status_code, said.status_code) == (3, 404, 201)
    assert [one["context"] for one in data.json()["readings"]].count("result") == 3
    assert stray.status_code == 404


async def test_a_summary_shows_each_reader_what_they_may_see(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA, BEN)
        ana, ben = ids(call)
        await say_yes(client, call, ana)
        live = scene.one.calls.get(call["call_id"])
        live.over.set()
        await client.post(f"/v1/calls/{call['call_id']}/end")
        nobody = (await client.get(f"/v1/calls/{call['call_id']}/summary")).json()
    async with scene.client(scene.reviewer()) as coach:
        coached = (await coach.get(f"/v1/calls/{call['call_id']}/summary")).json()
    async with scene.client(scene.token(live, ben)) as own:
        mine = (await own.get(f"/v1/calls/{call['call_id']}/summary")).json()
    for summary, whole in ((nobody, set()), (coached, {ana, ben}), (mine, {ben})):
        assert {one["participant_id"] for one in summary["participants"] if "states" in one} == whole


async def test_calls_are_listed_page_by_page_the_newest_first(scene: Scene) -> None:
    async with scene.client() as client:
        made = []
        for _ in range(5):
            made.append((await client.post("/v1/calls", json={})).json()["call_id"])
            scene.clock.pass_us(1_000_000)
        found, cursor = [], ""
        for _ in range(3):
            page = (await client.get(f"/v1/calls?limit=2{cursor}")).json()
            found += [one["call_id"] for one in page["items"]]
            cursor = f"&cursor={page['next']}"
    assert found == made[::-1]
    assert page["next"] is None


async def test_a_call_of_another_day_is_found_in_the_store(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        scene.one.calls.get(call["call_id"]).over.set()
        await client.post(f"/v1/calls/{call['call_id']}/end")
        scene.one.calls._calls.clear()
        found = (await client.get(f"/v1/calls/{call['call_id']}")).json()
    assert (found["state"], ids(found)) == ("ended", ids(call))
    assert found["ended_at"] is not None


async def test_policy_is_explained_with_what_remains(scene: Scene) -> None:
    case = {"purpose": "hiring", "role": "candidate", "modality": "face", "jurisdictions": ["EU"]}
    async with scene.client() as client:
        said = (await client.post("/v1/policy/explain", json=case)).json()
        german = (await client.post("/v1/policy/explain?language=de", json=case)).json()
        loaded = (await client.get("/v1/policy")).json()
    assert said["allowed"] is False
    assert said["verdicts"][0]["layer"] == "law"
    assert [{**one, "said": None} for one in said["verdicts"]] == [{**one, "said": None} for one in german["verdicts"]]
    assert german["verdicts"][0]["said"].startswith("aus biometrischen Daten auf Gefühle von Beschäftigten")
    assert loaded["digest"] == said["policy_digest"]
    assert {"eu_ai_act", "charter"} <= {law["id"] for law in loaded["laws"]}


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        ({"jurisdictions": ["US-CAL"]}, "States with rules of their own here: "),
        ({"facts": {"minr": "adult"}}, "Did you mean minor?"),
        ({"facts": {"minor": "adults"}}, "Did you mean adult?"),
        ({"output": "engagment"}, "Did you mean engagement?"),
    ],
)
async def test_a_word_that_no_law_knows_names_what_there_is(scene: Scene, change: dict[str, Any], fix: str) -> None:
    case = {"purpose": "sales_coaching", "role": "customer", "modality": "face"}
    async with scene.client() as client:
        refused = await client.post("/v1/policy/explain", json=case | change)
    assert refused.status_code == 422
    assert refused.json()["fix"].startswith(fix)


async def test_a_purpose_that_is_refused_names_every_rule_and_says_nothing_of_consent(scene: Scene) -> None:
    async with scene.client() as client:
        refused = await client.post("/v1/calls", json={"purpose": "hiring"})
    told = refused.json()
    assert (refused.status_code, told["type"]) == (403, "/problems/policy-refused")
    assert [one["rule_id"] for one in told["rulings"]] == ["P01"]
    assert told["rulings"][0]["citation"].startswith("Countenance charter P01")


async def test_nobody_is_asked_about_what_law_refuses_and_the_rules_are_named(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA | {"role": "candidate"})
        refused = await client.get(f"/v1/calls/{call['call_id']}/participants/{ids(call)[0]}/notice")
    assert refused.status_code == 403
    assert "P01R" in {one["rule_id"] for one in refused.json()["rulings"]}


async def test_a_refusal_is_said_in_the_language_asked_for_beside_the_english_one(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA | {"role": "agent"})
        address = f"/v1/calls/{call['call_id']}/participants/{ids(call)[0]}"
        german, english = [(await client.get(f"{address}{query}")).json() for query in ("?language=de", "")]
        whole = (await client.get(f"/v1/calls/{call['call_id']}?language=de")).json()
    (first, plain) = (one["modalities"][0]["rulings"][0] for one in (german, english))
    assert first["said"].startswith("Gesicht und Stimme von Menschen bei der Arbeit werden nicht gelesen")
    assert (first["reason"], first["citation"]) == (plain["reason"], plain["citation"])
    assert plain["said"] is None
    assert whole["participants"] == [german]


async def test_a_notice_is_there_in_the_languages_that_the_schema_names(scene: Scene) -> None:
    assert set(get_args(Language)) == set(languages_of_notices())
    async with scene.client() as client:
        call = await begun(client, ANA)
        refused = await client.get(f"/v1/calls/{call['call_id']}/participants/{ids(call)[0]}/notice?language=it")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/config-invalid")
    assert refused.json()["detail"] == "query.language: Input should be 'en', 'de', 'es' or 'fr'"


async def test_an_id_of_another_shape_is_said_in_words(scene: Scene) -> None:
    async with scene.client() as client:
        refused = await client.get("/v1/webhooks/x")
    assert refused.json()["detail"] == "endpoint_id: no id of this service looks like that"


async def test_an_unknown_key_names_the_nearest(scene: Scene) -> None:
    async with scene.client() as client:
        refused = (await client.post("/v1/calls", json={"purpos": "sales_coaching"})).json()
        inner = (await client.post("/v1/calls", json={"participants": [ANA | {"rol": "customer"}]})).json()
    assert refused["errors"] == [{"path": "purpos", "message": "unknown key. Did you mean purpose?"}]
    assert inner["errors"] == [{"path": "participants.0.rol", "message": "unknown key. Did you mean role?"}]


async def test_an_unknown_query_names_the_nearest(scene: Scene) -> None:
    async with scene.client() as client:
        refused = await client.get("/v1/calls?limmit=5")
    assert (refused.status_code, refused.json()["fix"]) == (422, "Did you mean limit?")


async def test_a_query_that_is_given_twice_is_refused(scene: Scene) -> None:
    async with scene.client() as client:
        refused = await client.get("/v1/calls?limit=5&limit=500")
    assert refused.status_code == 422
    assert "limit: given twice" in refused.text


async def test_what_is_wrong_is_said_without_the_value(scene: Scene) -> None:
    async with scene.client() as client:
        refused = await client.post("/v1/calls", json={"participants": [ANA | {"name": {"secret": "Ana Person"}}]})
    assert refused.status_code == 422
    assert "Ana Person" not in refused.text


async def test_a_body_that_is_not_sent_as_json_says_how_it_is(scene: Scene) -> None:
    async with scene.client() as client:
        plain = await client.post("/v1/calls", content=b'{"participants": []}', headers={"Content-Type": "text/plain"})
        listed = await client.post("/v1/calls", json=[])
    assert (plain.status_code, listed.status_code) == (422, 422)
    assert "Content-Type: application/json" in plain.json()["detail"]
    assert "a JSON object is wanted" in listed.json()["detail"]


async def test_models_show_their_cards(scene: Scene) -> None:
    async with scene.client() as client:
        listed = (await client.get("/v1/models")).json()
        name = listed["items"][0]["model"]
        card = (await client.get(f"/v1/models/{name}")).json()
        none = await client.get("/v1/models/nothing.v1")
    assert card["model"] == name
    assert card["figures"]
    assert none.status_code == 404


async def test_an_entry_is_proven_to_whoever_has_the_key(scene: Scene) -> None:
    log = scene.one.tenant.log
    async with scene.client() as client:
        await begun(client, ANA)
    async with scene.client(scene.key(Position.COMPLIANCE)) as client:
        first = (await client.get("/v1/audit/entries?limit=2")).json()
        assert [one["kind"] for one in first["items"]] == ["CONFIG", "POLICY_LOAD"]
        following = (await client.get(f"/v1/audit/entries?limit=9&cursor={first['next']}")).json()
        entries = (await client.get("/v1/audit/entries")).json()["items"]
        proof = parse_proof((await client.get(f"/v1/audit/entries/{entries[1]['seq']}/proof")).content)
        none = await client.get("/v1/audit/entries/9999/proof")
        report = (await client.post("/v1/audit/verify")).json()
        hashes = await client.get(f"/v1/audit/consistency?old=1&new={len(entries)}")
        backwards = await client.get(f"/v1/audit/consistency?old={len(entries)}&new=1")
        key = (await client.get("/v1/audit/key")).text
        tile = await client.get(f"/v1/audit/tile/0/000.p/{len(entries)}")
        strays = [(await client.get(f"/v1/audit/tile/{path}")).status_code for path in ("0/000", "9/001", "x/y", "0/0")]
        note = await client.get("/v1/audit/checkpoint")
    assert first["items"] + following["items"] == entries
    (entry,) = log.entries(1, 2)
    leaf = leaf_of(1, entry.kind, Stamp(entry.at, entry.mono_us, entry.boot_id), entry.tenant, entry.body)
    assert verify_proof(proof, leaf, Policy.trusting(log.key.verifier)).size == len(entries)
    assert (none.status_code, backwards.status_code) == (404, 404)
    assert (report["holds"], report["size"]) == (True, len(entries))
    assert all(len(base64.b64decode(line)) == 32 for line in hashes.text.split())
    assert key.strip() == str(log.key.verifier)
    assert len(tile.content) == 32 * len(entries)
    assert strays == [404] * 4
    assert note.content == log.checkpoint().data


async def test_whip_takes_an_offer_and_answers_with_a_session(scene: Scene) -> None:
    scene.pool.worker.answers = {
        "offer": {"resource_id": "r1", "sdp": "v=0\r\nanswer", "etag": "e1"},
        "patch": {"fragment": "a=ice-ufrag:x", "etag": "e2"},
        "delete": {},
    }
    async with scene.client() as client:
        call = await begun(client, ANA)
        (who,) = ids(call)
    address = f"/v1/calls/{call['call_id']}/whip/{who}"
    async with scene.client(scene.token(scene.one.calls.get(call["call_id"]), who)) as own:
        options = await own.options(address)
        made = await own.post(address, content="v=0\r\noffer", headers={"Content-Type": "application/sdp"})
        session = made.headers["location"]
        fragment = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": '"e1"'}
        restarted = await own.patch(session, content="a=ice-ufrag:y", headers=fragment)
        ended = await own.delete(session)
        other = await own.post(f"{address[:-1]}x", content="v=0", headers={"Content-Type": "application/sdp"})
        wrong = await own.post(address, json={})
        large = await own.post(address, content="v" * 70_000, headers={"Content-Type": "application/sdp"})
    assert (options.status_code, options.headers["accept-post"]) == (204, "application/sdp")
    assert (made.status_code, made.headers["content-type"], made.headers["etag"]) == (201, "application/sdp", '"e1"')
    assert session == f"{address}/r1"
    heard = [one for one in scene.pool.worker.heard if isinstance(one, Signalling)]
    assert (restarted.status_code, restarted.headers["etag"], ended.status_code) == (200, '"e2"', 200)
    assert [one.table.get("if_match") for one in heard if one.verb == "patch"] == ["e1"]
    assert (other.status_code, wrong.status_code, large.status_code) == (404, 415, 413)


async def test_files_and_connectors_of_ones_own_are_not_named_over_the_network(scene: Scene) -> None:
    async with scene.client() as client:
        for kind in ("module:Thing", "os:system", "", None):
            refused = await client.post("/v1/calls", json={"source": {"kind": kind}})
            assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "source.kind")
    assert scene.one.calls.all() == ()


@pytest.mark.parametrize("value", ['"\\ud800"', "NaN", "1e999", '"' + "a" * 9_000 + '"'])
async def test_a_source_is_plain_text_and_numbers(scene: Scene, value: str) -> None:
    body = f'{{"source": {{"kind": "janus", "url": {value}}}}}'
    async with scene.client() as client:
        refused = await client.post("/v1/calls", content=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "source")


async def test_there_are_so_many_calls_and_people_and_no_more(scene: Scene) -> None:
    limits = scene.config.limits.model_copy(update={"calls": 1, "participants": 1})
    scene.site.config = scene.config.model_copy(update={"limits": limits})
    async with scene.client() as client:
        call = await begun(client, ANA)
        second = await client.post("/v1/calls", json={})
        joined = await client.post(f"/v1/calls/{call['call_id']}/participants", json=BEN)
    assert (second.status_code, second.json()["type"]) == (503, "/problems/overloaded")
    assert (joined.status_code, joined.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/calls/{call}"),
        ("POST", "/v1/calls/{call}/end"),
        ("GET", "/v1/calls/{call}/events"),
        ("GET", "/v1/calls/{call}/summary"),
        ("POST", "/v1/calls/{call}/participants"),
        ("GET", "/v1/calls/{call}/participants/{who}"),
        ("DELETE", "/v1/calls/{call}/participants/{who}"),
        ("POST", "/v1/calls/{call}/participants/{who}/tokens"),
        ("GET", "/v1/calls/{call}/participants/{who}/notice"),
        ("GET", "/v1/calls/{call}/participants/{who}/consent"),
        ("DELETE", "/v1/calls/{call}/participants/{who}/consent"),
        ("GET", "/v1/calls/{call}/participants/{who}/readings"),
        ("GET", "/v1/calls/{call}/participants/{who}/data"),
        ("DELETE", "/v1/calls/{call}/participants/{who}/data"),
    ],
)
async def test_what_belongs_to_another_tenant_is_as_unknown_as_what_never_was(
    scene: Scene, method: str, path: str
) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
    (who,) = ids(call)
    body = (ANA if path.endswith("participants") else {}) if method == "POST" else None
    told = []
    async with scene.client(scene.key(tenant="two", scopes=frozenset(Scope) - {Scope.PARTICIPANT})) as stranger:
        for call_id, participant_id in ((call["call_id"], who), ("c" * 32, "p" * 32)):
            answer = await stranger.request(method, path.format(call=call_id, who=participant_id), json=body)
            varying = ("instance", "correlation_id")
            told.append((answer.status_code, {k: v for k, v in answer.json().items() if k not in varying}))
    assert told[0] == told[1]
    assert told[0][0] == 404


async def test_when_the_store_cannot_be_written_nothing_begins_and_it_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.contracts.errors import StorageError

    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full", "Make room.")

    async with scene.client() as client:
        call = await begun(client, ANA)
        monkeypatch.setattr(scene.one.tenant.store, "transaction", full)
        refused = await client.post(f"/v1/calls/{call['call_id']}/participants", json=BEN)
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/audit-unavailable")
    assert refused.headers["retry-after"] == "1"


async def test_what_nobody_foresaw_is_answered_without_its_words(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(scene.one.calls, "all", broken)
    async with scene.client() as client:
        answer = await client.get("/v1/calls/c")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal-error")
    assert "secret" not in answer.text


async def test_a_request_keeps_the_id_its_client_gave_it(scene: Scene) -> None:
    async with scene.client() as client:
        good = await client.get("/v1/calls", headers={"X-Client-Request-Id": "mine-1"})
        bad = await client.get("/v1/calls/none", headers={"X-Client-Request-Id": "mine-2"})
        odd = await client.get("/v1/calls", headers={"X-Client-Request-Id": "<script>"})
    assert (good.headers["x-client-request-id"], bad.headers["x-client-request-id"]) == ("mine-1", "mine-2")
    assert "x-client-request-id" not in odd.headers


async def test_an_address_with_a_slash_too_many_leads_nowhere(scene: Scene) -> None:
    async with scene.client() as client:
        answer = await client.get("/v1/calls/", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize("slug", sorted(KINDS))
async def test_every_problem_has_a_page(scene: Scene, slug: str) -> None:
    async with scene.client() as client:
        told = (await client.get(f"/problems/{slug}")).json()
    assert (told["type"], told["status"]) == (f"/problems/{slug}", KINDS[slug].status)


async def test_a_socket_that_is_refused_is_answered_once(scene: Scene) -> None:
    token = scene.key()["Authorization"].encode()
    scope = {"type": "websocket", "path": "/v1/calls/nothing-here/events", "raw_path": b"", "query_string": b""}
    scope |= {"headers": [(b"authorization", token)], "subprotocols": [], "client": ("127.0.0.1", 1), "scheme": "ws"}
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    await scene.app({**scope, "extensions": {"websocket.http.response": {}}}, receive, send)
    assert sent == ["websocket.http.response.start", "websocket.http.response.body"]


async def test_a_token_for_a_reviewer_is_for_one_call_and_one_role(scene: Scene) -> None:
    async with scene.client() as client:
        call, other = await begun(client, ANA), await begun(client, ANA)
        body = {"reviewer": "coach-9", "position": "coach", "call_id": call["call_id"], "minutes": 5}
        made = (await client.post("/v1/reviewer-tokens", json=body)).json()
        wrong = await client.post("/v1/reviewer-tokens", json=body | {"position": "operator"})
    async with scene.client({"Authorization": f"Bearer {made['token']}"}) as coach:
        assert (await coach.get(f"/v1/calls/{call['call_id']}")).status_code == 200
        assert (await coach.get(f"/v1/calls/{other['call_id']}")).status_code == 404
        scene.clock.pass_us(micros(scene.clock.utc() + timedelta(minutes=5)) - micros(scene.clock.utc()))
        assert (await coach.get(f"/v1/calls/{call['call_id']}")).status_code == 401
    assert wrong.status_code == 422


async def test_events_that_left_the_ring_come_from_the_store(scene: Scene) -> None:
    async with scene.client() as client:
        call = await begun(client, ANA)
        (who,) = ids(call)
        await say_yes(client, call, who)
    live = scene.one.calls.get(call["call_id"])
    first = int(live.stream.last) + 1
    kind = "io.countenance.signal.engagement_low.started.v1"
    lasting = {"sequence": f"{first + 3:012d}", "type": kind, "data": {}}
    (lease,) = scene.one.control.grant(live.running, 0, 1_000_000, [who])
    outgoing = Outgoing(kind, json.dumps(lasting).encode())
    scene.one.control.results(live.running, [Outcome(lease, {FACE: 5}, b"{}", (outgoing,))])
    for number in range(first + 10, first + 10 + RING):
        live.stream.publish({"sequence": f"{number:012d}", "type": "io.countenance.signal.sample.v1", "data": {}})
    live.stream.end()
    events = live.stream.follow(f"{first:012d}")
    gap, kept, following = [await anext(events) for _ in range(3)]
    expected = {"after": f"{first:012d}", "before": following["sequence"], "lost": 8}
    assert (gap["type"], gap["data"]) == ("io.countenance.stream.gap.v1", expected)
    assert (kept, following["sequence"]) == (lasting, f"{first + 10:012d}")
