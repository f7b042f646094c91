"""The embeddable elements in a real browser, under the service's own policy, against a live service."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.clients.second_verifier import ROOT
from tests.clients.web_stage import Stage, staged
from tests.server.pages.visiting import Visit, check, visit

pytestmark = pytest.mark.slow
NOTICE = "/v1/calls/{}/participants/{}/notice?language={}"
HEARD = "window.heard"
WORDS = """window.words = [];
const word = document.querySelector("countenance-signals").shadowRoot.querySelector(".own .word");
new MutationObserver(() => words.push(/disengaged|engaged|confused|frustrated/.exec(word.textContent)?.[0]))
  .observe(word, {childList: true, characterData: true, subtree: true});"""
ROOM = """export const RoomEvent = {TrackSubscribed: "trackSubscribed"};
export class Room {
  localParticipant = {enableCameraAndMicrophone: async () => { window.done.push("publish"); }};
  on() { return this; }
  async connect() { window.done.push("connect"); }
}"""
NO_CAMERA = """window.done = [];
navigator.mediaDevices.getUserMedia = async () => { window.done.push("camera"); return new MediaStream(); };"""


@pytest.fixture(name="stage", scope="module")
def on_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("web")) as stage:
        yield stage


@pytest.fixture(name="person")
def visiting(browser: Browser, stage: Stage) -> Iterator[Visit]:
    with visit(browser, stage.address) as person:
        yield person


def put(person: Visit, **given: str) -> Page:
    """A host page with one element in it."""
    person.page.goto("about:blank")
    person.page.goto(f"{person.address}/stage#{quote(json.dumps(given))}")
    return person.page


def asked(person: Visit, stage: Stage, language: str = "en") -> tuple[Page, str, str]:
    """Ana's consent, not yet given: the page, the call, and who she is."""
    call, people = stage.begin()
    who = people["Ana"]
    page = put(
        person,
        element="countenance-consent",
        call=call,
        participant=who,
        token=stage.token(call, who),
        language=language,
    )
    expect(page.locator(".asking")).to_be_visible()
    return page, call, who


def tab_to(page: Page, name: str) -> None:
    """By the keyboard alone, to whatever says this."""
    for _ in range(20):
        page.keyboard.press("Tab")
        found = "[...function*(r){for(let e=r.activeElement;e;e=e.shadowRoot?.activeElement)yield e}(document)].at(-1)"
        said = page.evaluate(f"(e => e?.labels?.[0]?.innerText ?? e?.innerText ?? '')({found})")
        if name in said:
            return
    pytest.fail(f"the keyboard does not reach {name}")


def test_consent_is_shown_word_for_word_with_everything_off_and_both_ways_on_of_one_size(
    person: Visit, stage: Stage
) -> None:
    page, call, who = asked(person, stage)
    told = stage.ask(NOTICE.format(call, who, "en"))
    words = page.locator("countenance-consent .asking").inner_text().split("\n")
    for block in told["blocks"]:
        for line in (block["title"], *block["lines"]):
            assert line.removeprefix("[ ] ") in words
    switches = page.get_by_role("switch").all()
    assert [switch.is_checked() for switch in switches] == [False, False, False]
    agree, without = (
        page.get_by_role("button", name=name).bounding_box() for name in ("Agree and join", "Join without analysis")
    )
    assert agree is not None
    assert without is not None
    assert (agree["width"], agree["height"]) == (without["width"], without["height"])
    assert agree["height"] >= 44
    check(page)


def test_a_yes_is_given_by_keyboard_alone_and_taken_back_with_one_action(person: Visit, stage: Stage) -> None:
    page, call, who = asked(person, stage)
    tab_to(page, "Face: yes")
    page.keyboard.press("Space")
    tab_to(page, "Agree and join")
    page.keyboard.press("Enter")
    expect(page.locator(".answers")).to_contain_text("Face: on, until")
    ((name, detail),) = page.evaluate(HEARD)
    given = {one["modality"]: one["status"] for one in detail["answers"]}
    assert (name, detail["analysis"]) == ("answered", True)
    assert given == {"face": "given", "voice": "refused", "text": "refused"}
    path = f"/v1/calls/{call}/participants/{who}/consent"
    kept = {one["modality"]: one["answer"] for one in stage.ask(path)["modalities"]}
    assert kept["face"]["receipt_id"] == detail["answers"][0]["receipt_id"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save receipt: Face").click()
    assert json.loads(saved.value.path().read_text())["receipt_id"] == detail["answers"][0]["receipt_id"]
    check(page)
    tab_to(page, "Stop everything")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Stopped at")
    assert page.evaluate(HEARD)[-1][0] == "withdrawn"
    kept = {one["modality"]: one["answer"]["status"] for one in stage.ask(path)["modalities"] if one["answer"]}
    assert kept["face"] == "withdrawn"


def test_joining_without_analysis_is_one_action_and_a_no_to_each(person: Visit, stage: Stage) -> None:
    page, _call, _who = asked(person, stage)
    page.get_by_role("button", name="Agree and join").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing is turned on")
    assert page.evaluate(HEARD) == []
    page.get_by_role("button", name="Join without analysis").click()
    expect(page.locator(".answers")).to_contain_text("Face: off")
    ((_, detail),) = page.evaluate(HEARD)
    assert (detail["analysis"], [one["status"] for one in detail["answers"]]) == (False, ["refused"] * 3)


def test_the_language_changes_the_notice_and_keeps_what_is_turned_on(person: Visit, stage: Stage) -> None:
    page, call, who = asked(person, stage)
    page.get_by_role("switch").nth(1).check()
    page.get_by_label("Language").focus()
    page.get_by_label("Language").select_option("de")
    told = stage.ask(NOTICE.format(call, who, "de"))
    expect(page.locator("article")).to_contain_text(told["blocks"][0]["lines"][0])
    assert page.locator("article").get_attribute("lang") == "de"
    expect(page.get_by_label("Sprache")).to_be_focused()
    assert [switch.is_checked() for switch in page.get_by_role("switch").all()] == [False, True, False]
    page.get_by_role("button", name="Zustimmen und teilnehmen").click()
    expect(page.locator(".answers")).to_contain_text("Stimme: an")


def test_what_the_law_refuses_has_no_switch_and_says_why(person: Visit, stage: Stage) -> None:
    call, people = stage.begin()
    who = people["Cy"]
    page = put(person, element="countenance-consent", call=call, participant=who, token=stage.token(call, who))
    expect(page.get_by_role("switch")).to_have_count(1)
    expect(page.locator(".barred").first).to_contain_text("Face: not read here")
    expect(page.locator(".barred").first).to_contain_text("[Countenance charter")
    check(page)


def test_a_child_is_told_that_a_guardian_agrees_for_them(person: Visit, stage: Stage) -> None:
    call, people = stage.begin({"minor": "under_13"})
    who = people["Ana"]
    page = put(person, element="countenance-consent", call=call, participant=who, token=stage.token(call, who))
    expect(page.get_by_role("switch")).to_be_disabled()
    expect(page.get_by_role("switch")).to_have_accessible_description(re.compile("parent or guardian"))


def test_whom_nobody_may_ask_is_told_so_and_joins(person: Visit, stage: Stage) -> None:
    call, people = stage.begin()
    who = people["Ana"]
    refused = {"type": "/problems/policy-refused", "status": 403, "detail": "refused by P04", "fix": "Nobody is asked."}
    kind = "application/problem+json"
    person.page.route(
        "**/notice?*", lambda route: route.fulfill(status=403, content_type=kind, body=json.dumps(refused))
    )
    page = put(person, element="countenance-consent", call=call, participant=who, token=stage.token(call, who))
    expect(page.get_by_role("alert")).to_contain_text("Nothing is read of you on this call.")
    check(page)
    page.get_by_role("button", name="Join without analysis").click()
    assert page.evaluate(HEARD)[0][1]["analysis"] is False


def test_who_cannot_reach_the_service_joins_and_nothing_is_read(person: Visit, stage: Stage) -> None:
    page, _call, _who = asked(person, stage)
    page.route("**/consent", lambda route: route.abort())
    page.get_by_role("button", name="Join without analysis").click()
    expect(page.get_by_role("status")).to_contain_text("nothing is read of you")
    assert page.evaluate(HEARD) == [["answered", {"analysis": False, "recorded": False, "answers": []}]]


@pytest.fixture(name="coached")
def on_a_call_with_a_coach(person: Visit, stage: Stage) -> tuple[Page, str, dict[str, str]]:
    call, people = stage.begin(coaching={"playbook": "sales"})
    sides = [{"participant_id": people["Cy"], "side": "coach", "analysed": []}]
    now = {"playbook": "sales.v1", "prompt": None, "budget": {"left": 6, "per_hour": 6}, "quiet": False, "sides": sides}
    person.page.route("**/coaching", lambda route: route.fulfill(json=now))
    person.page.route("**/prompts/*", lambda route: route.fulfill(json={}))
    page = put(person, element="countenance-coach", call=call, token=stage.reviewer(), language="en")
    expect(page.get_by_text("6 suggestions left this hour")).to_be_visible()
    return page, call, people


def test_a_coach_sees_words_with_their_band_and_what_is_read_never_a_percentage(
    coached: tuple[Page, str, dict[str, str]], stage: Stage
) -> None:
    page, call, people = coached
    stage.sample(call, people["Ana"])
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Ana"))
    expect(card).to_contain_text("probably disengaged, medium certainty")
    expect(card).to_contain_text("from voice and words only")
    expect(card).to_contain_text("Face: off, no consent")
    expect(card.get_by_role("img")).to_have_accessible_name("Uncertainty band of Ana: medium certainty")
    expect(page.get_by_text("Cy, own tracks: not analysed")).to_be_visible()
    expect(page.get_by_role("heading", name="Cy")).to_have_count(0)
    assert "%" not in page.locator(".coach").inner_text()
    page.get_by_role("button", name="Pause").click()
    stage.sample(call, people["Ana"], "engaged")
    stage.sample(call, people["Ben"], "confused")
    expect(card).to_contain_text("disengaged")
    page.get_by_role("button", name="Go on").click()
    expect(card).to_contain_text("probably engaged")
    check(page)


def test_a_coach_has_one_suggestion_answers_it_by_keyboard_and_never_sees_a_stale_one(
    coached: tuple[Page, str, dict[str, str]], stage: Stage
) -> None:
    page, call, people = coached
    stage.prompt(call, people["Ana"], "late", timedelta(seconds=-1))
    stage.prompt(call, people["Ana"], "first")
    card = page.locator("section.card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("Engagement estimate fell (first): consider a discovery question")
    with page.expect_request("**/prompts/first") as seen:
        check(page)
    assert json.loads(seen.value.post_data or "") == {"action": "seen"}
    tab_to(page, "Why this")
    page.keyboard.press("Enter")
    assert [one.inner_text() for one in card.get_by_role("listitem").all()] == ["pauses", "speech", "pitch"]
    with page.expect_request("**/prompts/first") as answered:
        page.keyboard.press("d")
    assert json.loads(answered.value.post_data or "") == {"action": "dismissed"}
    expect(card).to_have_count(0)
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    assert page.evaluate(HEARD) == [["decided", {"prompt_id": "first", "action": "dismissed"}]]
    stage.prompt(call, people["Ana"], "short", timedelta(seconds=1))
    expect(card).to_contain_text("(short)")
    expect(card).to_have_count(0)
    assert "(late)" not in page.content()


def test_a_coach_reads_what_was_said_last_until_it_is_taken_back_and_where_it_is_told_how_to_read_this(
    person: Visit, stage: Stage
) -> None:
    call, people = stage.begin(coaching={"playbook": "sales"})
    stage.agree(call, people["Ana"], "text")
    page = put(person, element="countenance-coach", call=call, token=stage.reviewer(), language="en")
    said = page.locator(".said")
    expect(page.get_by_role("link", name="How to read this")).to_have_attribute("href", f"{stage.address}/how-to-read")
    for number in range(5):
        stage.says(call, people["Ana"], f"Sentence {number}.")
    stage.says(call, people["Ben"], "Nobody may read this.")
    expect(said.get_by_role("listitem")).to_have_text([f"Ana: Sentence {number}." for number in range(1, 5)])
    page.evaluate("document.querySelector('countenance-coach').hear('Cy', 'A caption of the page.')")
    check(page)
    stage.take_back(call, people["Ana"])
    expect(said).to_be_hidden()
    assert "Sentence" not in said.inner_text()


def test_a_person_sees_what_is_on_pauses_stops_and_deletes(person: Visit, stage: Stage) -> None:
    page, call, who = asked(person, stage)
    for switch in page.get_by_role("switch").all():
        switch.check()
    page.get_by_role("button", name="Agree and join").click()
    expect(page.locator(".answers")).to_be_visible()
    page = put(person, element="countenance-signals", call=call, participant=who, token=stage.token(call, who))
    expect(page.locator(".badge")).to_have_text("Being read: Face, Voice, and Words")
    page.get_by_role("button", name="Stop: Face").click()
    expect(page.locator(".badge")).to_have_text("Being read: Voice and Words")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".badge")).to_have_text("Paused: nothing is read of you.")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".badge")).to_have_text("Being read: Voice and Words")
    page.get_by_role("button", name="Show my own signals").click()
    stage.sample(call, who)
    expect(page.locator(".own")).to_contain_text("probably disengaged, medium certainty")
    check(page)
    page.get_by_role("button", name="Stop and delete").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    tab_to(page, "Delete everything")
    page.keyboard.press("Enter")
    expect(page.locator(".badge")).to_have_text("Nothing is read of you.")
    expect(page.get_by_text("Stopped and deleted at")).to_be_visible()
    assert [name for name, _ in page.evaluate(HEARD)] == ["withdrawn", "paused", "resumed", "erased"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the receipt").click()
    assert saved.value.suggested_filename == "deletion-receipt.json"


def test_what_was_leased_before_a_click_on_stop_and_comes_after_it_never_reaches_the_page(
    person: Visit, stage: Stage
) -> None:
    call, people = stage.begin()
    who = people["Ana"]
    for modality in ("face", "voice"):
        stage.agree(call, who, modality)
    page = put(person, element="countenance-signals", call=call, participant=who, token=stage.token(call, who))
    page.get_by_role("button", name="Show my own signals").click()
    page.evaluate(WORDS)
    stage.read(call, stage.leased(call, 0), "engaged")
    expect(page.locator(".own .word")).to_contain_text("engaged")
    late = stage.leased(call, 1)
    assert "face" in late[0].modalities
    page.get_by_role("button", name="Stop: Face").click()
    expect(page.locator(".badge")).to_have_text("Being read: Voice")
    stage.read(call, late, "confused")
    later = stage.leased(call, 2)
    assert later[0].modalities == ("voice",)
    stage.read(call, later, "frustrated")
    expect(page.locator(".own .word")).to_contain_text("frustrated")
    assert page.evaluate("words") == ["engaged", "frustrated"]


@pytest.mark.parametrize("name", ["livekit", "webrtc"])
def test_the_examples_ask_first_and_join_once_they_are_answered(person: Visit, stage: Stage, name: str) -> None:
    call, people = stage.begin()
    who = people["Ana"]
    seat = {"call": call, "participant": who, "token": stage.token(call, who)}
    example = (ROOT / f"clients/web/examples/{name}.html").read_text(encoding="utf-8")
    script = re.findall(r'<script type="module">\n(.*)\n  </script>', example, flags=re.DOTALL)[0]
    assert len(script.splitlines()) <= 12
    # What a bundler does in a host application.
    stage.example = example.replace("@countenance/web", "/static/vendor/countenance.js").replace(
        "livekit-client", "/room.js"
    )
    told = {"countenance": seat, "livekit": {"url": "wss://media.example", "token": "t"}} if name == "livekit" else seat
    page = person.page
    page.route("**/seat", lambda route: route.fulfill(json=told))
    page.route("**/room.js", lambda route: route.fulfill(content_type="text/javascript", body=ROOM))
    page.add_init_script(NO_CAMERA)
    page.goto(f"{person.address}/example")
    page.get_by_role("button", name="Join without analysis").click()
    expect(page.locator("countenance-signals .badge")).to_have_text("Nothing is read of you.")
    expect(page.locator("countenance-consent")).to_be_hidden()
    assert page.evaluate("window.done") == (["connect", "publish"] if name == "livekit" else ["camera"])
