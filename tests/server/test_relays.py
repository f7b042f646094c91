"""How browsers and workers are let in by a TURN server."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.capture.coturn import coturn
from tests.server.api.scene import START, Scene

from countenance.capture.ice import relayed
from countenance.contracts.errors import UsageError
from countenance.server import checks
from countenance.server.config import Config, MediaTable
from countenance.server.configfile import MASK, load
from countenance.server.relays import links, minted

URL = "turn:turn.example:3478?transport=udp"
STATIC = {"urls": [URL], "username": "ana", "credential": "pass"}


def test_a_password_that_expires_is_the_one_a_turn_server_computes_itself() -> None:
    # openssl: printf 1800000000:countenance | openssl dgst -sha1 -hmac north -binary | base64
    assert minted("north", "countenance", 1_800_000_000) == ("1800000000:countenance", "UyXaX51WqCajGKw5+JyVjKqlsUw=")


def test_browsers_are_told_what_rfc_9725_says() -> None:
    media = MediaTable.model_validate({"ice_servers": ["stun:stun.example"], "turn": STATIC})
    assert links(media.ice(START)) == (
        '<stun:stun.example>; rel="ice-server", '
        f'<{URL}>; rel="ice-server"; username="ana"; credential="pass"; credential-type="password"'
    )
    assert MediaTable().ice(START) == ()


def test_with_a_shared_secret_everybody_is_given_a_password_that_expires() -> None:
    media = MediaTable.model_validate({"turn": {"urls": [URL], "secret": "north", "hours": 2}})
    (server,) = media.ice(START)
    assert server.username == f"{int(START.timestamp()) + 7200}:countenance"
    assert "north" not in links((server,))


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        ({"username": "ana"}, "needs urls"),
        ({"urls": [URL]}, "or a shared secret"),
        ({**STATIC, "secret": "north"}, "or a shared secret"),
        ({"urls": [URL], "credential": "pass"}, "needs its username"),
        ({**STATIC, "credential": 'x"; evil="'}, "browsers can be told"),
        ({**STATIC, "username": "ana\r\nSet-Cookie: x"}, "browsers can be told"),
        ({**STATIC, "urls": ["stun:stun.example"]}, "match pattern"),
        ({**STATIC, "urls": ['turn:x>; rel="evil"']}, "match pattern"),
    ],
)
def test_a_relay_nobody_could_enter_is_an_error_of_the_configuration(turn: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        MediaTable.model_validate({"turn": turn})


def test_a_relay_among_the_servers_that_ask_for_nothing_is_sent_to_its_table() -> None:
    with pytest.raises(ValidationError, match=r"stands in \[media.turn\]"):
        MediaTable(ice_servers=(URL,))


def test_its_secrets_stand_in_no_file_of_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "countenance.toml"
    path.write_text(f'[media.turn]\nurls = ["{URL}"]\nsecret = "north"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="COUNTENANCE__MEDIA__TURN__SECRET"):
        load(path, {})
    (tmp_path / "turn.txt").write_text("north\n", encoding="utf-8")
    path.write_text(f'[media.turn]\nurls = ["{URL}"]\nsecret_file = "turn.txt"\n', encoding="utf-8")
    loaded = load(path, {})
    assert loaded.config.media.turn.secret is not None
    assert loaded.config.media.turn.secret.get_secret_value() == "north"
    assert {key: value for key, value, _ in loaded.shown()}["media.turn.secret"] == MASK


async def test_a_real_server_believes_it_until_it_has_expired(tmp_path: Path) -> None:
    with coturn(tmp_path, "use-auth-secret", "static-auth-secret=north") as url:
        name, password = minted("north", "countenance", 2_000_000_000)
        assert await relayed(url, name, password)
        with pytest.raises(Exception, match="gives no relay"):
            await relayed(url, *minted("north", "countenance", 1_000_000_000))
        with pytest.raises(Exception, match="gives no relay"):
            await relayed(url, *minted("south", "countenance", 2_000_000_000))


def test_the_doctor_asks_it_for_a_relay(tmp_path: Path) -> None:
    with coturn(tmp_path, "use-auth-secret", "static-auth-secret=north") as url:
        right = Config.model_validate({"media": {"turn": {"urls": [url], "secret": "north"}}})
        (finding,) = checks.relays(right)
        assert (finding.name, finding.state) == ("turn", "ok")
        assert finding.detail.startswith(f"{url} relays at 127.0.0.1:")
        wrong = Config.model_validate({"media": {"turn": {"urls": [url], "secret": "south"}}})
        (finding,) = checks.relays(wrong)
    assert (finding.name, finding.state) == ("turn", "fault")
    assert "secret" in finding.fix
    assert list(checks.relays(Config())) == []


async def test_the_answer_of_whip_lets_the_publisher_in(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.site.config = scene.config.model_copy(update={"media": MediaTable.model_validate({"turn": STATIC})})
    scene.pool.worker.answers = {"offer": {"resource_id": "r1", "sdp": "v=0", "etag": "e1"}}
    ana = {"name": "Ana", "role": "customer", "person": "customer-17"}
    async with scene.client() as client:
        call = (await client.post("/v1/calls", json={"participants": [ana]})).json()
        address = f"/v1/calls/{call['call_id']}/whip/{call['participants'][0]['participant_id']}"
        answer = await client.post(address, content="v=0", headers={"Content-Type": "application/sdp"})
        open_to_all = await client.options(address)
        assert "pass" not in (await client.get(f"/v1/calls/{call['call_id']}")).text
    assert 'username="ana"; credential="pass"' in answer.headers["link"]
    assert "link" not in open_to_all.headers
