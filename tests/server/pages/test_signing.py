"""Signing in, in a real browser: a key, and out again."""

from playwright.sync_api import Browser, expect
from tests.server.api.scene import Scene
from tests.server.pages.visiting import check, visit

from countenance.server.scopes import Position


def test_who_has_not_signed_in_is_asked_to_and_comes_to_the_page_they_wanted(
    browser: Browser, address: str, scene: Scene
) -> None:
    key = scene.key(Position.COACH)["Authorization"].removeprefix("Bearer ")
    with visit(browser, address) as person:
        page = person.open("/")
        assert page.url.endswith("/sign-in?next=/")
        check(page)
        page.get_by_label("Key or token").fill(key)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Calls that run now")
        check(page)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        assert person.open("/").url.endswith("/sign-in?next=/")


def test_a_wrong_key_is_refused_in_words(browser: Browser, address: str) -> None:
    with visit(browser, address) as person:
        page = person.open("/sign-in")
        page.get_by_label("Key or token").fill("ctn_nothing")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not valid")
        check(page)


def test_the_page_speaks_the_language_that_is_chosen_and_remembers_it(browser: Browser, address: str) -> None:
    with visit(browser, address) as person:
        page = person.open("/sign-in")
        page.get_by_label("Language").select_option("de")
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
        assert person.open("/sign-in").locator("html").get_attribute("lang") == "de"
