"""The buttons of a webhook against a receiver that really listens: tried, given up, sent again, switched on again."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from standardwebhooks import Webhook
from tests.server.api.scene import START, Scene
from tests.server.api.served import Service, at_work
from tests.server.pages.visiting import check, visit

from countenance.control.delivery import Answer
from countenance.server.config import WebhooksTable
from countenance.server.webhooks import delivery_of, senders

LOOPBACK = "127.0.0.0/8"
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


@dataclass
class Receiver:
    """An address of somebody's own, and what came there."""

    status: int = 204
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def service(scene: Scene, receiver: Receiver) -> Iterator[Service]:
    """The scene, whose operator has listed the machine's own network and the receiver's port."""
    listed = WebhooksTable(allow=(LOOPBACK,), ports=(receiver.port,))
    object.__setattr__(scene.config, "webhooks", listed)
    with at_work(scene.app) as served:
        yield served


@contextmanager
def sending(scene: Scene, service: Service) -> Iterator[None]:
    """The senders of the installation, at work."""

    async def run() -> None:
        async with senders(scene.site):
            await stop.wait()

    async def end() -> None:
        stop.set()
        await task

    async def begin() -> "asyncio.Task[None]":
        return asyncio.create_task(run())

    stop = asyncio.Event()
    task = service.run(begin())
    try:
        yield
    finally:
        service.run(end())


def added(page: Page, receiver: Receiver) -> tuple[Locator, str]:
    """Add the receiver on the page; its card, and the secret that was shown."""
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#secret-text")).to_contain_text("whsec_")
    secret = page.locator("#secret-text").inner_text()
    page.get_by_role("button", name="I have it").click()
    return page.locator("#endpoints > li").last, secret


def test_a_test_reaches_the_receiver_and_the_page_shows_signature_and_answer(
    browser: Browser, scene: Scene, service: Service, receiver: Receiver
) -> None:
    receiver.came.clear()
    with visit(browser, service.address) as person, sending(scene, service):
        person.enter(scene.key()["Authorization"])
        card, secret = added(person.open("/settings"), receiver)
        card.get_by_role("button", name="Send a test").click()
        expect(card.get_by_role("status")).to_contain_text("The receiver took it.")
        ((headers, body),) = receiver.came
        signed = datetime.fromtimestamp(int(headers["webhook-timestamp"]), START.tzinfo)
        assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], signed, body.decode())
        facts = card.locator("dl.facts")
        for shown in ("HTTP 204", headers["webhook-id"], headers["webhook-signature"], body.decode()):
            expect(facts).to_contain_text(shown)
        check(person.page)
        receiver.status = 503
        scene.clock.pass_us(SECOND_US)
        card.get_by_role("button", name="Send a test").click()
        expect(card.get_by_role("status")).to_contain_text("The receiver did not take it.")
        expect(facts).to_contain_text("HTTP 503")
        card.get_by_role("button", name="Log", exact=True).click()
        expect(card.locator("tbody tr")).to_have_count(2)
        expect(card.locator("tbody tr").first).to_contain_text("waiting")
        card.get_by_role("button", name="Remove").click()
        expect(person.page.get_by_text("Events go nowhere yet.")).to_be_visible()


def test_what_was_given_up_is_sent_again_from_the_page(
    browser: Browser, scene: Scene, service: Service, receiver: Receiver
) -> None:
    receiver.came.clear()
    receiver.status = 204
    with visit(browser, service.address) as person:
        person.enter(scene.key()["Authorization"])
        card, _ = added(person.open("/settings"), receiver)
        again = card.get_by_role("button", name="Send again what was given up")
        again.click()
        expect(card.get_by_role("status")).to_have_text("Nothing was given up.")
        with httpx.Client(base_url=service.address, headers=scene.key()) as client:
            (endpoint,) = client.get("/v1/webhooks").json()["items"]
            client.post(f"/v1/webhooks/{endpoint['endpoint_id']}/test").raise_for_status()
        give_up(scene)
        # Three weeks have passed, and the session with them.
        person.enter(scene.key()["Authorization"])
        person.open("/settings")
        card.get_by_role("button", name="Log", exact=True).click()
        row = card.locator("tbody tr")
        expect(row).to_contain_text("given up")
        with sending(scene, service):
            again.click()
            expect(card.get_by_role("status")).to_contain_text("1 event goes out again.")
            expect(row).to_contain_text("delivered")
        assert len(receiver.came) == 1


def test_an_endpoint_that_said_gone_is_switched_on_again(
    browser: Browser, scene: Scene, service: Service, receiver: Receiver
) -> None:
    receiver.status = 410
    with visit(browser, service.address) as person, sending(scene, service):
        person.enter(scene.key()["Authorization"])
        card, _ = added(person.open("/settings"), receiver)
        card.get_by_role("button", name="Send a test").click()
        expect(card.get_by_role("status")).to_contain_text("HTTP 410")
        expect(card.locator(".tag").first).to_have_text("off")
        receiver.status = 204
        card.get_by_role("button", name="Switch on again").click()
        expect(card.locator(".tag").first).to_have_text("well")


def give_up(scene: Scene) -> None:
    """Ten attempts in vain, a day or more apart."""
    delivery = delivery_of(scene.site, scene.one)
    for _ in range(10):
        delivery.run(lambda _: Answer(500))
        scene.clock.pass_us(2 * DAY_US)
