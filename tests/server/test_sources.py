"""Where the media of a call may be when a key says so over the network."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.server.api.scene import START, Scene

from countenance.capture.livekitaccess import LivekitAccess, variables
from countenance.contracts.errors import UsageError
from countenance.link.messages import Host, Signalling
from countenance.server.config import Config, MediaTable
from countenance.server.listed import Listed, leads
from countenance.server.plane import _recipe, _secrets
from countenance.server.sources import SourceError, permitted
from countenance.worker.call import Clock
from countenance.worker.parts import Recipe
from countenance.worker.sources import connector_of

LISTED = ("janus.example", "sfu.example:4443", "wss://rooms.example/janus")


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("wss://janus.example", True),
        ("ws://janus.example:8188/", True),
        ("WSS://Janus.Example/any/path", True),
        ("https://sfu.example:4443/countenance", True),
        ("wss://rooms.example/janus", True),
        ("wss://rooms.example:443/janus/deeper", True),
        ("https://sfu.example/countenance", False),
        ("ws://rooms.example/janus", False),
        ("wss://rooms.example/janus-of-others", False),
        ("wss://rooms.example:8443/janus", False),
        ("wss://janus.example.evil.example", False),
        ("http://169.254.169.254/latest", False),
        ("ws://[::1]:8188", False),
    ],
)
def test_a_url_leads_to_a_listed_server_or_not(url: str, fine: bool) -> None:
    assert leads(url, LISTED) is fine


@pytest.mark.parametrize(
    "url",
    [
        "wss://janus.example@evil.example",
        "wss://evil.example\\@janus.example",
        "wss://janus.example#@evil.example",
        "wss://janus.example/a?b=c",
        "wss://rooms.example/janus/../admin",
        "wss://rooms.example/%6aanus",
        "file:///etc/passwd",
        "janus.example",
        "wss://janus.example:0",
        "wss://janus.example /",
        "wss://jänus.example",
        "",
    ],
)
def test_a_url_that_could_be_read_in_two_ways_leads_nowhere(url: str) -> None:
    assert leads(url, LISTED) is None


def test_nothing_is_listed_unless_the_operator_lists_it() -> None:
    for kind in ("janus", "mediasoup"):
        with pytest.raises(SourceError, match="not among the media servers") as caught:
            permitted({"kind": kind, "url": "wss://janus.example"}, MediaTable(), START)
        assert caught.value.path == "source.url"
    assert permitted({"kind": "livekit", "room": "r"}, MediaTable(), START) == {"kind": "livekit", "room": "r"}
    assert permitted({"kind": "whip"}, MediaTable(), START)["kind"] == "whip"


def test_what_the_operator_sets_stands_beside_what_is_asked_for() -> None:
    stun = [{"urls": ["stun:stun.example:3478"]}]
    media = MediaTable(
        servers=LISTED, ice_servers=("stun:stun.example:3478",), rtp_listen="10.0.0.2", rtp_address="192.0.2.7"
    )
    assert permitted({"kind": "whip"}, media, START)["ice_servers"] == stun
    assert permitted({"kind": "janus", "url": "wss://janus.example", "room": 1}, media, START)["ice"] == stun
    made = permitted({"kind": "mediasoup", "url": "https://sfu.example:4443", "room": "r", "token": "t"}, media, START)
    assert (made["listen"], made["address"]) == ("10.0.0.2", "192.0.2.7")


@pytest.mark.parametrize("key", ["ice_servers", "ice", "listen", "address", "tenant"])
def test_a_key_of_the_operator_is_refused_from_anybody_else(key: str) -> None:
    for kind in ("whip", "janus", "mediasoup", "livekit", "file"):
        with pytest.raises(SourceError, match="set by the operator"):
            permitted({"kind": kind, "url": "wss://janus.example", key: "x"}, MediaTable(servers=LISTED), START)


@pytest.mark.parametrize("source", [{"kind": "os:system"}, {"kind": "wip"}, {}, {"kind": 4}])
def test_no_other_kind_is_taken_over_the_network(source: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="no source is called"):
        permitted(source, MediaTable(), START)


def test_recordings_are_played_from_listed_folders_alone(tmp_path: Path) -> None:
    inside, outside = tmp_path / "calls", tmp_path / "secrets"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "ana.webm").touch()
    (inside / "link.webm").symlink_to(outside / "ana.webm")
    media = MediaTable(recordings=(inside,))
    made = permitted(
        {"kind": "file", "recordings": {"Ana": "ana.webm"}, "transcript": str(inside / "t.vtt")}, media, START
    )
    assert made["recordings"] == {"Ana": str(inside / "ana.webm")}
    assert made["transcript"] == str(inside / "t.vtt")
    for path in (str(outside / "ana.webm"), "../secrets/ana.webm", "link.webm", "a\0b", 7):
        with pytest.raises(SourceError, match="lies in no folder"):
            permitted({"kind": "file", "recordings": {"Ana": path}}, media, START)
    with pytest.raises(SourceError, match="lies in no folder"):
        permitted({"kind": "file", "recordings": {"Ana": "ana.webm"}}, MediaTable(), START)
    with pytest.raises(SourceError, match="table of files"):
        permitted({"kind": "file", "recordings": "ana.webm"}, media, START)


def test_an_entry_that_is_no_server_is_an_error_of_the_configuration() -> None:
    for entry in ("*", "ftp://x", "janus.example/path", "wss://user@janus.example"):
        with pytest.raises(ValidationError, match="is no media server"):
            MediaTable(servers=(entry,))
    assert Listed.of("janus.example:8188") == Listed("janus.example", 8188)
    with pytest.raises(ValidationError):
        MediaTable(ice_servers=('stun:x>; rel="evil"',))


LIVEKIT = {"url": "wss://one.example", "key": "k1", "secret": "s1"}


def test_each_tenant_enters_its_own_livekit_server_and_no_other() -> None:
    two = {"url": "wss://two.example", "key": "k2", "secret": "s2"}
    config = Config.model_validate({"tenant": {"one-a": {"livekit": LIVEKIT}, "two": {"livekit": two}, "three": {}}})
    environ = _secrets(config)
    assert set(environ) == {*variables("one-a"), *variables("two")}
    assert LivekitAccess.of(environ, "one-a").url == "wss://one.example"
    assert LivekitAccess.of(environ, "two").key == "k2"
    with pytest.raises(UsageError, match="LIVEKIT_URL_THREE"):
        LivekitAccess.of(environ, "three")
    assert _recipe(config, "two", config.tenants["two"]).tenant == "two"
    alone = Config.model_validate({"livekit": LIVEKIT})
    assert LivekitAccess.of(_secrets(alone)).key == "k1"
    assert _recipe(alone, "local", alone.deployment).tenant == ""


def test_a_livekit_server_is_not_shared_by_tenants() -> None:
    with pytest.raises(ValidationError, match="would be shared"):
        Config.model_validate({"livekit": LIVEKIT, "tenant": {"one": {}}})
    with pytest.raises(ValidationError, match="same LiveKit key"):
        Config.model_validate({"tenant": {"one": {"livekit": LIVEKIT}, "two": {"livekit": LIVEKIT}}})


def test_whose_keys_are_used_is_said_by_the_recipe_and_by_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(variables("one"), ("wss://one.example", "k", "s" * 32), strict=True):
        monkeypatch.setenv(name, value)
    clock = Clock(lambda: 0, 0)
    monkeypatch.setattr("countenance.capture.livekit._package", lambda: None)
    with pytest.raises(UsageError, match="LIVEKIT_URL_TWO"):
        connector_of({"kind": "livekit", "room": "r", "tenant": "one"}, Recipe(tenant="two"), clock)
    connector_of({"kind": "livekit", "room": "r", "tenant": "two"}, Recipe(tenant="one"), clock)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    media = MediaTable(servers=("janus.example",), ice_servers=("stun:stun.example:3478",))
    made.site.config = made.config.model_copy(update={"media": media})
    return made


async def test_a_key_can_send_a_worker_to_listed_servers_alone(scene: Scene) -> None:
    async with scene.client() as client:
        source = {"kind": "janus", "room": 1}
        refused = await client.post("/v1/calls", json={"source": {**source, "url": "ws://evil.example"}})
        taken = await client.post("/v1/calls", json={"source": {**source, "url": "ws://janus.example"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "source.url"
    assert "[media] servers" in refused.json()["fix"]
    assert taken.status_code == 201
    hosted = [one for one in scene.pool.worker.heard if isinstance(one, Host)]
    assert [one.source["ice"] for one in hosted] == [[{"urls": ["stun:stun.example:3478"]}]]


async def test_worker_and_browser_are_told_of_the_same_stun_servers_and_who_leaves_publishes_no_more(
    scene: Scene,
) -> None:
    scene.pool.worker.answers = {"offer": {"resource_id": "r1", "sdp": "v=0", "etag": "e1"}}
    ana = {"name": "Ana", "role": "customer", "person": "customer-17"}
    async with scene.client() as client:
        call = (await client.post("/v1/calls", json={"participants": [ana]})).json()
        who = call["participants"][0]["participant_id"]
        address, kind = f"/v1/calls/{call['call_id']}/whip/{who}", {"Content-Type": "application/sdp"}
        answer = await client.post(address, content="v=0", headers=kind)
        await client.delete(f"/v1/calls/{call['call_id']}/participants/{who}")
    assert answer.headers["link"] == '<stun:stun.example:3478>; rel="ice-server"'
    host = next(one for one in scene.pool.worker.heard if isinstance(one, Host))
    assert host.source["ice_servers"] == [{"urls": ["stun:stun.example:3478"]}]
    said = [(one.verb, one.table) for one in scene.pool.worker.heard if isinstance(one, Signalling)]
    assert said[-1] == ("leave", {"participant_id": who})
