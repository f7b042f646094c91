"""My signals, in a real browser: seen first, paused, stopped, deleted; and nothing begins again by itself."""

import json

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.api.scene import Scene, signal
from tests.server.pages.participants import Seats, seats_of
from tests.server.pages.visiting import Visit, check, visit

from countenance.audit.outcome import Outcome
from countenance.contracts.call import FACE
from countenance.server.places import UNREADABLE
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes


@pytest.fixture(scope="module")
def seats(scene: Scene, address: str) -> Seats:
    return seats_of(scene, address)


def read(seats: Seats, name: str, second: int) -> None:
    """What a worker says of one second."""
    live, who = seats.live, seats.ids[name]
    said = Envelopes(live.call).sample(live.out.number(), signal(who, (second + 1) * 1_000_000), Grounds())
    live.out.loop.call_soon_threadsafe(live.stream.publish, said)


def read_and_kept(seats: Seats, name: str, second: int) -> str:
    """The same of a second whose result stands in the log; returns the payload's id."""
    live, who, control = seats.live, seats.ids[name], seats.scene.one.control
    start_us = second * 1_000_000
    (lease,) = control.grant(live.running, start_us, start_us + 1_000_000, [who])
    (result,) = control.results(live.running, [Outcome(lease, {FACE: 5}, b'{"scores":{"disengaged":0.7}}')])
    said = dict(Envelopes(live.call).sample(live.out.number(), signal(who, start_us + 1_000_000), Grounds()))
    said["data"] = {**said["data"], "audit": {"lease": lease.id, "seq": result.entry.seq}}  # type: ignore[dict-item]
    live.out.loop.call_soon_threadsafe(live.stream.publish, said)
    return result.payload_id


def opened(person: Visit, seats: Seats, name: str) -> Page:
    person.enter(seats.token(name))
    page = person.open(f"/me/{seats.call_id}?me={seats.ids[name]}")
    expect(page.locator("#badge")).to_be_visible()
    return page


def test_a_person_sees_their_own_curve_as_words_and_as_a_table(browser: Browser, address: str, seats: Seats) -> None:
    seats.say_yes("Ana", "face", "voice")
    with visit(browser, address) as person:
        page = opened(person, seats, "Ana")
        expect(page.locator("#badge")).to_have_text("Read of you now: face and voice")
        for second in range(3):
            read(seats, "Ana", second)
        expect(page.locator(".state-word")).to_have_text("probably disengaged, high certainty")
        assert "%" not in page.locator("main").inner_text()
        page.get_by_text("As a table").click()
        expect(page.locator("tbody tr")).to_have_count(3)
        check(page)
        page.get_by_role("button", name="Pause updates").click()
        read(seats, "Ana", 3)
        expect(page.locator("tbody tr")).to_have_count(3)
        page.get_by_role("button", name="Resume updates").click()
        expect(page.locator("tbody tr")).to_have_count(4)


def test_a_person_is_told_that_the_call_is_not_read_and_that_it_is_again(
    browser: Browser, address: str, seats: Seats
) -> None:
    seats.say_yes("Ana", "face", "voice")
    with visit(browser, address) as person:
        seats.live.problem = UNREADABLE
        page = opened(person, seats, "Ana")
        expect(page.locator("#panel")).to_contain_text("The media of this call could not be read.")
        expect(page.locator(".state-word")).to_have_text("Nothing is read now.")
        check(page)
        seats.live.problem = None
        read(seats, "Ana", 100)
        expect(page.locator(".state-word")).to_have_text("probably disengaged, high certainty")
        expect(page.locator("#panel")).not_to_contain_text("could not be read")


def test_pausing_and_going_on_need_no_new_answer_and_only_the_keyboard(
    browser: Browser, address: str, seats: Seats
) -> None:
    seats.say_yes("Cleo", "face")
    with visit(browser, address) as person:
        page = opened(person, seats, "Cleo")
        page.get_by_role("button", name="Pause", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#badge")).to_have_text("Paused: nothing is read of you")
        assert seats.readable("Cleo") == []
        check(page)
        page.reload()
        expect(page.locator("#badge")).to_have_text("Paused: nothing is read of you")
        page.get_by_role("button", name="Go on").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#badge")).to_have_text("Read of you now: face")
        assert seats.readable("Cleo") == ["face"]
        off = page.get_by_role("button", name="Turn off: Face")
        off.focus()
        read(seats, "Cleo", 0)
        expect(page.locator(".state-word")).to_have_text("probably disengaged, high certainty")
        expect(off, "what is read meanwhile takes no focus away").to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Turn on: Face")).to_be_focused()
    assert seats.readable("Cleo") == []


def test_a_stop_says_when_it_was_and_nothing_begins_again(browser: Browser, address: str, seats: Seats) -> None:
    seats.say_yes("Ben", "text")
    with visit(browser, address) as person:
        page = opened(person, seats, "Ben")
        refused = page.locator(".mine li").first
        expect(refused).to_contain_text("not permitted: face and voice of people at work are not read")
        page.get_by_role("button", name="Turn off: Words").click()
        expect(page.locator("#badge")).to_contain_text("Stopped at ")
        assert seats.readable("Ben") == []
        check(page)
        page.reload()
        expect(page.locator("#badge")).to_contain_text("Stopped at ")
        expect(page.get_by_role("link", name="Turn on: Words")).to_have_attribute(
            "href", f"/join/{seats.call_id}?me={seats.ids['Ben']}"
        )
        seats.say_yes("Ben", "text")
        page.reload()
        expect(page.locator("#badge")).to_have_text("Read of you now: words")
        lines = page.locator(".history li")
        expect(lines).to_have_count(3)
        expect(lines.nth(1), "what is turned on later unsays no stop").to_contain_text("Words: stopped at ")
        check(page)
        page.get_by_role("button", name="Turn off: Words").click()
        expect(lines.first).to_contain_text("Words: stopped at ")
    assert seats.readable("Ben") == []
    stops = [entry.body["modality"] for entry in seats.scene.one.tenant.log.entries() if entry.kind == "OPT_OUT"]
    assert stops.count("text") == 2


def test_this_was_wrong_stays_with_the_reading_and_as_a_label_only_where_the_person_wants(
    browser: Browser, address: str, seats: Seats
) -> None:
    seats.say_yes("Emma", "face")
    with visit(browser, address) as person:
        page = opened(person, seats, "Emma")
        payload = read_and_kept(seats, "Emma", 0)
        page.get_by_role("button", name="This was wrong").click()
        expect(page.get_by_role("dialog")).to_contain_text("probably disengaged, high certainty")
        assert not page.get_by_role("checkbox").is_checked(), "nothing is kept as a label unless they say so"
        check(page)
        page.get_by_role("radio", name="confused").check()
        page.get_by_role("button", name="Say so").press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="This was wrong").click()
        page.get_by_role("radio", name="none of these").check()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Say so").press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
    seen = httpx.get(f"{address}{seats.seat('Emma')}/data", headers={"Authorization": seats.token("Emma")}).json()
    assert [one["reading"] for one in seen["disputes"]] == [payload, payload]
    assert "confused fits better" in seen["disputes"][0]["words"]
    labels = httpx.get(f"{address}/v1/calls/{seats.call_id}/labels", headers={"Authorization": seats.token("Emma")})
    assert [one["label"] for one in labels.json()["items"]] == ["none"]


def test_stop_and_delete_asks_once_says_what_it_does_and_gives_a_receipt(
    browser: Browser, address: str, seats: Seats
) -> None:
    seats.say_yes("Dora", "face")
    with visit(browser, address) as person:
        page = opened(person, seats, "Dora")
        page.get_by_role("button", name="See my data").click()
        expect(page.locator("#kept")).to_contain_text("Your answers")
        page.get_by_role("button", name="Stop and delete").click()
        check(page)
        page.get_by_role("button", name="Keep everything").click()
        page.get_by_role("button", name="Stop and delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Stop and delete").click()
        expect(page.get_by_text("Everything was deleted")).to_be_focused()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the signed receipt").click()
        assert saved.value.suggested_filename == "deletion-receipt.json"
        receipt = json.loads(saved.value.path().read_text())
        expect(page.locator("#panel code"), "its number is on the page").to_have_text(
            receipt["statement"]["erasure_id"]
        )
        expect(page.get_by_role("heading", name="Seen by you first")).to_be_hidden()
        expect(page.locator("#badge")).to_have_text("Stopped and deleted")
        check(page)


def test_after_the_call_stopping_and_deleting_are_still_offered(browser: Browser, scene: Scene, address: str) -> None:
    seats = seats_of(scene, address)
    seats.say_yes("Ana", "voice")
    with visit(browser, address) as person:
        page = opened(person, seats, "Ana")
        credential = {"Authorization": seats.token("Ana")}
        seats.ask("POST", f"/v1/calls/{seats.call_id}/end")
        expect(page.get_by_role("heading", name="The call is over"), "while the page is open").to_be_visible()
        page.reload()
        expect(page.locator("#panel")).to_contain_text("Your yes to Face and Voice holds in your next call")
        expect(page.locator(".history li").first).to_contain_text("Voice: turned on at ")
        check(page)
        page.get_by_role("button", name="Stop", exact=True).press("Enter")
        expect(page.locator("#panel")).to_contain_text("no yes of yours stands")
        expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
        page.get_by_role("button", name="Stop and delete").press("Enter")
        expect(page.get_by_role("dialog")).not_to_contain_text("goes on")
        check(page)
        page.get_by_role("dialog").get_by_role("button", name="Stop and delete").press("Enter")
        expect(page.get_by_text("Everything was deleted")).to_be_focused()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the signed receipt").press("Enter")
        assert saved.value.suggested_filename == "deletion-receipt.json"
        check(page)
        page.reload()
        expect(page.locator("#panel")).to_contain_text("Nothing is kept of you any more.")
    assert httpx.get(f"{address}{seats.seat('Ana')}/data", headers=credential).status_code == 404
