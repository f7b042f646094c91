"""The figures of coaching in a real browser: with their intervals, or the words that too little stands behind them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.server.api.scene import Scene
from tests.server.coached import keep_prompts
from tests.server.pages.visiting import Visit, check, visit

from countenance.coaching.kpis import ENOUGH
from countenance.server.scopes import Position


@pytest.fixture(scope="module")
def person(browser: Browser, address: str, scene: Scene) -> Iterator[Visit]:
    """Who may see figures of nobody in particular, and no reading of anybody."""
    keep_prompts(scene, ENOUGH * 2)
    with visit(browser, address) as found:
        found.enter(scene.key(Position.SUPERVISOR)["Authorization"])
        yield found


def test_figures_come_with_their_interval_and_number_or_are_not_shown(person: Visit) -> None:
    page = person.open("/coaching")
    taken = page.locator(".figure-card").filter(has_text="Taken up, and then?")
    accepted = taken.locator(".figure-row").first
    expect(accepted).to_contain_text("59%")
    expect(accepted).to_contain_text("from 41 cases")
    expect(accepted).to_contain_text("between")
    against = page.locator(".figure-card").filter(has_text="Against those held back")
    expect(against.locator(".figure-row").filter(has_text="Difference")).to_contain_text("not enough data")
    expect(page.locator(".figure-card").filter(has_text="Can it be relied on?")).to_contain_text("all of them")
    rules = page.get_by_role("row").filter(has_text="long_hold")
    expect(rules).to_contain_text("not enough data")
    check(page)


def test_a_playbook_is_chosen_and_its_words_are_there_in_every_language(person: Visit) -> None:
    page = person.open("/coaching")
    with page.expect_response("**/v1/coaching/kpis?days=30&playbook=support.v1"):
        page.locator("#playbook").select_option("support.v1")
    expect(page.locator(".figure-card").filter(has_text="Load")).to_contain_text("from 1 case")
    page.locator("#shown-playbook").select_option("sales.v1")
    expect(page.locator("#playbook-rules")).to_contain_text("consider a discovery question")
    expect(page.locator("#playbook-rules")).to_contain_text("Buyer's engagement estimate fell for … s")
    page.locator("#words-language").select_option("de")
    expect(page.locator("#playbook-rules")).to_contain_text("stellen Sie vielleicht eine offene Frage")
    expect(page.locator("#playbook-rules")).to_have_attribute("lang", "de")
    check(page)
