"""The wall in a real browser: fifty calls by need, filters, pausing; and no reading of a person for most who look."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.api.scene import Bare, Scene
from tests.server.api.served import Service, at_work
from tests.server.pages.visiting import Visit, check, visit

from countenance.contracts.call import VOICE, Participant, Purpose, Role
from countenance.contracts.trust import Consent, ConsentStatus
from countenance.server.scopes import Position
from countenance.surface.blocks import group
from countenance.surface.envelope import Envelopes

MANY = 50


@pytest.fixture(scope="module")
def service(scene: Scene) -> Iterator[Service]:
    with at_work(scene.app) as found:
        yield found


@pytest.fixture(scope="module")
def calls(scene: Scene, service: Service) -> list[Bare]:
    """Fifty calls; of one person on each the voice is read."""
    return [service.run(begun(scene, number)) for number in range(MANY)]


@pytest.fixture(scope="module")
def coach(browser: Browser, service: Service, scene: Scene) -> Iterator[Visit]:
    with visit(browser, service.address) as person:
        person.enter(scene.reviewer()["Authorization"])
        yield person


async def begun(scene: Scene, number: int) -> Bare:
    people = {"a": Participant("p_1", f"Ana {number}", Role.CUSTOMER), "b": Participant("p_2", "Ben", Role.EMPLOYEE)}
    live = scene.begin({f"{who}{number}": one for who, one in people.items()})
    live.running.register.record(Consent("p_1", VOICE, Purpose.SALES_COACHING, ConsentStatus.GIVEN, 0, "r-1"))
    scene.sample(live, "p_1")
    return live


async def event(scene: Scene, live: Bare) -> None:
    scene.event(live, "p_1")


async def grouped(live: Bare) -> None:
    block = group("engagement.v1", (0, 300_000_000), 12, 10, {"engaged": 0.6})
    live.stream.publish(Envelopes(live.call).aggregate(10_000, block, 300_000_000))


def opened(person: Visit, calls: list[Bare]) -> Page:
    person.page.goto(f"{person.address}/wall")
    expect(person.page.locator("#calls > li")).to_have_count(len(calls))
    return person.page


def test_the_call_that_needs_somebody_comes_first_and_says_why(
    coach: Visit, service: Service, scene: Scene, calls: list[Bare]
) -> None:
    service.run(event(scene, calls[7]))
    page = opened(coach, calls)
    first = page.locator("#calls > li").first
    expect(first.get_by_role("link")).to_have_text("Ana 7 and Ben")
    expect(first.locator(".tag")).to_have_text(["needs somebody", "low engagement"])
    expect(first).to_contain_text("probably disengaged, high certainty")
    expect(page.locator("#count")).to_have_text(f"{MANY} calls are shown; 1 needs somebody")
    check(page)


def test_calls_are_found_by_name_and_by_need_and_shown_as_a_list(coach: Visit, calls: list[Bare]) -> None:
    page = opened(coach, calls)
    page.get_by_label("Find").fill("ana 12")
    expect(page.locator("#calls > li")).to_have_count(1)
    page.get_by_label("Find").fill("")
    page.get_by_label("Show").select_option("need")
    expect(page.locator("#calls > li")).to_have_count(1)
    page.get_by_label("Show").select_option("")
    page.get_by_label("As").select_option("rows")
    check(page)
    page.get_by_label("As").select_option("cards")


def test_pausing_freezes_the_wall_and_going_on_catches_up(
    coach: Visit, service: Service, scene: Scene, calls: list[Bare]
) -> None:
    with coach.page.expect_event("websocket") as line:
        page = opened(coach, calls)
    card = page.locator(f"[data-call='{calls[20].id}']")
    page.get_by_role("button", name="Pause updates").press("Enter")
    with line.value.expect_event("framereceived"):
        service.run(event(scene, calls[20]))
    expect(card).not_to_contain_text("needs somebody")
    page.get_by_role("button", name="Go on").press("Enter")
    expect(card).to_contain_text("needs somebody")
    expect(page.locator("#calls > li:nth-child(-n+2)").filter(has_text="Ana 20")).to_have_count(1)


def test_what_has_the_focus_keeps_it_when_the_order_changes(
    coach: Visit, service: Service, scene: Scene, calls: list[Bare]
) -> None:
    page = opened(coach, calls)
    link = page.locator(f"[data-call='{calls[30].id}'] a")
    link.focus()
    service.run(event(scene, calls[30]))
    moved = page.locator("#calls > li:nth-child(-n+3)").filter(has_text="Ana 30")
    expect(moved).to_have_count(1, timeout=10_000)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/coach/{calls[30].id}")


def test_who_is_nobodys_reviewer_has_no_reading_of_a_person_anywhere_in_the_page(
    browser: Browser, service: Service, scene: Scene, calls: list[Bare]
) -> None:
    service.run(grouped(calls[3]))
    frames: list[str] = []
    with visit(browser, service.address) as person:
        person.enter(scene.key(Position.SUPERVISOR)["Authorization"])
        person.page.on("websocket", lambda line: line.on("framereceived", lambda data: frames.append(str(data))))
        page = opened(person, calls)
        expect(page.locator(f"[data-call='{calls[3].id}']")).to_contain_text(
            "A group of 12 people, over five minutes: probably engaged"
        )
        expect(page.locator("#count")).to_have_text(f"{MANY} calls are shown; 0 need somebody")
        source = page.evaluate("document.getElementById('wall').outerHTML") + "".join(frames)
        check(page)
    assert frames
    for word in ("disengaged", "engagement_low", "low engagement", "probability", "interval", "certainty"):
        assert word not in source, word


def test_an_empty_wall_says_so(browser: Browser, service: Service, scene: Scene) -> None:
    with visit(browser, service.address) as person:
        person.enter(scene.key(Position.SUPERVISOR, "two")["Authorization"])
        person.page.goto(f"{person.address}/wall")
        expect(person.page.locator("#none")).to_have_text("No call runs now. The next one appears here by itself.")
        check(person.page)
