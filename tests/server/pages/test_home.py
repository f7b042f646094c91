"""The calls that run, in a real browser: what may be read of whom, and a focus that stays where it is."""

from playwright.sync_api import Browser, expect
from tests.server.api.scene import Scene
from tests.server.pages.visiting import check, visit

from countenance.contracts.call import Participant, Role
from countenance.server.scopes import Position

PEOPLE = {"ana": Participant("p_1", "Ana", Role.CUSTOMER), "ben": Participant("p_2", "Ben", Role.EMPLOYEE)}


def test_running_calls_are_listed_with_what_may_be_read_of_whom(browser: Browser, address: str, scene: Scene) -> None:
    with visit(browser, address) as person:
        person.enter(scene.key(Position.COACH)["Authorization"])
        page = person.open("/")
        expect(page.locator("#none")).to_be_visible()
        check(page)
        live = scene.begin(PEOPLE)
        card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Ana and Ben"))
        expect(card).to_contain_text("Ana (customer): may be read with consent: face, voice and words")
        link = card.get_by_role("link")
        link.focus()
        with page.expect_response("**/v1/calls?state=live"):
            live.problem = "its worker has died"
        expect(card).to_contain_text("Nobody is read at the moment: its worker has died")
        expect(link).to_be_focused()
        check(page)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/coach/{live.id}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ana and Ben")
        expect(page.locator("#problem")).to_contain_text("its worker has died")
