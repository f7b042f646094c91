"""The call between people, in a real browser: whoever comes is seen, also without a camera, and who leaves is gone."""

import pytest
from playwright.sync_api import Browser, expect
from tests.server.api.scene import Scene
from tests.server.pages.participants import Seats, seats_of
from tests.server.pages.visiting import Visit, check, visit


@pytest.fixture(scope="module")
def seats(scene: Scene, address: str) -> Seats:
    return seats_of(scene, address)


def joins(person: Visit, seats: Seats, name: str) -> None:
    person.enter(seats.token(name))
    person.page.goto(f"{person.address}/call/{seats.call_id}?me={seats.ids[name]}")


def test_people_without_cameras_meet_and_leave(browser: Browser, address: str, seats: Seats) -> None:
    with visit(browser, address) as ana, visit(browser, address) as ben:
        joins(ana, seats, "Ana")
        expect(ana.page.locator("#alone")).to_be_visible()
        expect(ana.page.locator("#failure")).to_contain_text("You can see and hear the others.")
        expect(ana.page.locator("#badge")).to_have_text("Nothing is read of you")
        joins(ben, seats, "Ben")
        expect(ana.page.locator(".caption")).to_have_text(["Ana (you)", "Ben"])
        expect(ben.page.locator(".caption")).to_have_text(["Ben (you)", "Ana"])
        expect(ana.page.get_by_role("button", name="Mute")).to_be_disabled()
        check(ana.page)
        ben.page.get_by_role("button", name="Leave").press("Enter")
        expect(ben.page.get_by_role("heading", level=1)).to_be_focused()
        check(ben.page)
        expect(ana.page.locator(".caption")).to_have_text(["Ana (you)"])
    assert seats.ids["Ben"] in seats.live.running.left


def test_who_opens_the_call_again_elsewhere_takes_their_own_place(browser: Browser, address: str, seats: Seats) -> None:
    with visit(browser, address) as first, visit(browser, address) as second:
        joins(first, seats, "Cleo")
        expect(first.page.locator(".caption")).to_have_text(["Cleo (you)"])
        joins(second, seats, "Cleo")
        expect(second.page.locator(".caption")).to_have_text(["Cleo (you)"])
        expect(first.page.locator("#line")).not_to_be_empty()


def test_a_call_is_open_to_the_people_in_it_alone(browser: Browser, address: str, seats: Seats) -> None:
    with visit(browser, address) as nobody:
        assert "/sign-in" in nobody.open(f"/call/{seats.call_id}").url
