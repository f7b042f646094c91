"""The live coach in a real browser: one suggestion at a time, by keyboard; nobody's readings for anybody else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from tests.server.api.scene import Scene
from tests.server.api.served import Service, at_work
from tests.server.coached import NO_HOLDOUT, SIGNED, CoachedCall
from tests.server.pages.visiting import Visit, check, visit

from countenance.contracts.call import FACE, TEXT
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.trust import ConsentStatus
from countenance.server.scopes import Position
from countenance.storage.outbox import random_id

REASON = "Buyer's engagement estimate fell for 20 s, confidence medium"
EVERY_CARD = """
window.cards = [];
new MutationObserver(() => document.querySelectorAll(".prompt").forEach((one) =>
  window.cards.includes(one.dataset.prompt) || window.cards.push(one.dataset.prompt))
).observe(document, { childList: true, subtree: true });
"""
A_VOICE = """
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 220 });
  window.voice = new GainNode(context, { gain: 0 });
  const heard = new MediaStreamAudioDestinationNode(context);
  tone.connect(window.voice).connect(heard);
  tone.start();
  return heard.stream;
};
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"), coaching=NO_HOLDOUT)


@pytest.fixture(scope="module")
def service(scene: Scene) -> Iterator[Service]:
    with at_work(scene.app) as found:
        yield found


@pytest.fixture(scope="module")
def coach(browser: Browser, service: Service, scene: Scene) -> Iterator[Visit]:
    with visit(browser, service.address) as person:
        person.page.add_init_script(EVERY_CARD)
        person.enter(scene.reviewer()["Authorization"])
        yield person


@pytest.fixture
def call(service: Service, scene: Scene) -> CoachedCall:
    # A person of its own each time: what somebody stopped once is not asked of them again.
    return service.run(CoachedCall.begin(scene, person=f"crm-{random_id()}"))


def opened(person: Visit, call: CoachedCall) -> Page:
    person.page.goto(f"{person.address}/coach/{call.live.id}")
    expect(person.page.locator("#line")).to_have_text("Live")
    return person.page


def drawn(page: Page, call: CoachedCall) -> None:
    """Wait until everything that the call has said is on the screen."""
    page.wait_for_function(
        "last => performance.getEntriesByName('event-to-paint').some((one) => one.detail.sequence === last)",
        arg=call.live.stream.last,
    )


def test_a_fall_is_one_card_with_its_reason_and_three_features_and_a_accepts_it(
    coach: Visit, service: Service, scene: Scene, call: CoachedCall
) -> None:
    page = opened(coach, call)
    expect(page.locator("#prompt")).to_have_text("No suggestion now.")
    service.run(call.fall())
    card = page.locator(".prompt")
    expect(card.locator(".prompt-text")).to_have_text("consider a discovery question")
    expect(card.locator(".prompt-reason")).to_have_text(REASON)
    expect(page.locator("#budget")).to_contain_text("5 suggestions left this hour")
    card.get_by_text("Why this").click()
    expect(card.locator(".why li")).to_have_count(3)
    expect(card.get_by_role("link")).to_have_attribute("href", f"#person-{call.ana}")
    check(page)
    with page.expect_response("**/prompts/*"):
        page.keyboard.press("a")
    expect(page.locator("#prompt")).to_have_text("Accepted.")
    prompt = scene.entries("SUGGESTION")[-1]
    assert prompt["status"] == "accepted"
    assert len(page.evaluate("window.cards")) == 1


def test_s_silences_the_rule_for_this_call(coach: Visit, service: Service, call: CoachedCall) -> None:
    page = opened(coach, call)
    service.run(call.fall())
    expect(page.locator(".prompt")).to_be_visible()
    with page.expect_response("**/prompts/*"):
        page.keyboard.press("s")
    expect(page.locator("#prompt")).to_contain_text("will not come again in this call")
    assert call.live.coaching is not None
    assert call.live.coaching.coach.governor.snoozed == {"engagement_fell"}


def test_a_rule_is_turned_off_for_this_call(coach: Visit, service: Service, call: CoachedCall) -> None:
    page = opened(coach, call)
    page.get_by_text("Rules of this call").click()
    with page.expect_response("**/coaching/rules/engagement_fell"):
        page.get_by_role("switch", name="consider a discovery question").press("Space")
    service.run(call.fall())
    drawn(page, call)
    assert page.evaluate("window.cards") == []


def test_a_second_fall_inside_the_cool_down_brings_no_card(coach: Visit, service: Service, call: CoachedCall) -> None:
    page = opened(coach, call)
    service.run(call.fall())
    expect(page.locator(".prompt")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator("#prompt")).to_have_text("Dismissed.")
    service.run(call.fall())
    drawn(page, call)
    assert len(page.evaluate("window.cards")) == 1


def test_a_suggestion_goes_when_its_time_is_over_and_never_comes_back(
    coach: Visit, service: Service, call: CoachedCall
) -> None:
    page = opened(coach, call)
    service.run(call.fall())
    expect(page.locator(".prompt")).to_be_visible()
    service.run(call.fall(21, high=0))
    expect(page.locator(".prompt")).to_have_count(0)
    opened(coach, call)
    drawn(page, call)
    assert page.evaluate("window.cards") == []


def test_what_is_read_of_whom_and_what_is_not(coach: Visit, service: Service, scene: Scene, call: CoachedCall) -> None:
    page = opened(coach, call)
    service.run(call.pass_second(0.7))
    ana = page.locator(f"#person-{call.ana}")
    expect(ana.locator(".state-word")).to_have_text("probably engaged, medium certainty")
    expect(page.locator(f"[data-silent='{call.ben}']")).to_contain_text("Ben (agent): not analysed.")
    service.run(scene.one.calls.pause(call.live.id, call.ana, on=True))
    expect(ana.locator("[data-modality=voice]")).to_have_text("Voice: off, paused by themselves", timeout=10_000)
    expect(ana.locator(".state-word")).to_have_text("not read")
    service.run(scene.one.calls.pause(call.live.id, call.ana, on=False))
    service.run(scene.one.calls.stop(call.live.id, call.ana, [FACE]))
    expect(ana.locator("[data-modality=face]")).to_have_text("Face: off, consent taken back")
    expect(ana).to_contain_text("Read: voice and words only")
    expect(ana).not_to_contain_text("disengaged")
    check(page)
    silent = coach.open(f"/coach/{call.live.id}?language=de").locator(f"[data-silent='{call.ben}']")
    expect(silent).to_contain_text("Gesicht und Stimme von Menschen bei der Arbeit werden nicht gelesen")
    expect(silent.locator("span")).to_have_attribute("lang", "de")


def test_a_call_that_begins_without_a_face_has_its_curve_once_there_is_one(
    coach: Visit, service: Service, call: CoachedCall
) -> None:
    page = opened(coach, call)
    ana = page.locator(f"#person-{call.ana}")
    service.run(call.pass_second(None))
    expect(ana.locator(".state-word")).to_have_text("not enough signal: no face in the picture")
    expect(ana.locator(".chart")).to_have_count(0)
    service.run(call.pass_second(0.7))
    expect(ana.locator(".chart-name")).to_have_text("Estimate of “engaged” for Ana over the last minutes")
    expect(ana.locator(".chart-says")).to_contain_text("The estimate of “engaged” has stayed about the same")


def test_whoever_counts_in_groups_alone_is_not_shown_as_one_whose_reading_is_to_come(
    coach: Visit, service: Service, scene: Scene, call: CoachedCall
) -> None:
    service.run(scene.one.calls.show(call.live.id, call.ben))
    service.run(scene.one.calls.answer(call.live.id, call.ben, TEXT, ConsentStatus.GIVEN, SIGNED))
    page = opened(coach, call)
    told = page.locator(f"[data-silent='{call.ben}']")
    expect(told).to_have_text(
        "Ben (agent): not analysed as one person. They count only in groups of ten people or more."
    )


def test_what_was_said_last_is_there_until_it_is_taken_back(
    coach: Visit, service: Service, scene: Scene, call: CoachedCall
) -> None:
    page = opened(coach, call)
    said = Utterance("", call.ana, 0, SECOND_US, "What does that mean for us?")
    service.run(call.pass_second(0.7, words=(said,)))
    expect(page.locator("#transcript")).to_have_text("0:00 Ana What does that mean for us?")
    check(page)
    service.run(scene.one.calls.stop(call.live.id, call.ana, [TEXT]))
    expect(page.locator("#words-section")).to_be_hidden()


def test_pausing_freezes_the_page_and_going_on_catches_up(coach: Visit, service: Service, call: CoachedCall) -> None:
    page = opened(coach, call)
    word = page.locator(f"#person-{call.ana} .state-word")
    service.run(call.pass_second(0.7))
    expect(word).to_contain_text("engaged")
    page.get_by_role("button", name="Pause updates").press("Enter")
    service.run(call.fall())
    expect(page.locator("#notice")).to_contain_text("nothing changes here until you go on")
    expect(word).to_have_text("probably engaged, medium certainty")
    expect(page.locator(".prompt")).to_have_count(0)
    page.get_by_role("button", name="Go on").press("Enter")
    expect(word).to_have_text("probably disengaged, medium certainty")
    expect(page.locator(".prompt")).to_be_visible()


def test_a_line_that_breaks_is_taken_up_where_it_was(coach: Visit, service: Service, call: CoachedCall) -> None:
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    coach.page.route_web_socket("**/events*", between)
    page = opened(coach, call)
    service.run(call.pass_second(0.7))
    drawn(page, call)
    sockets[-1].close(code=1013)
    expect(page.locator("#line")).to_have_text("Reconnecting …")
    service.run(call.pass_second(0.3))
    expect(page.locator("#line")).to_have_text("Live")
    drawn(page, call)
    expect(page.locator(f"#person-{call.ana} .state-word")).to_have_text("probably disengaged, medium certainty")


def test_the_end_of_a_call_leads_to_looking_back(
    coach: Visit, service: Service, scene: Scene, call: CoachedCall
) -> None:
    page = opened(coach, call)
    service.run(scene.one.calls.end(call.live.id))
    expect(page.get_by_role("link", name="Look back at it")).to_have_attribute("href", f"/review/{call.live.id}")
    check(page)


def test_from_event_to_paint_is_measured_in_the_page(coach: Visit, service: Service, call: CoachedCall) -> None:
    page = opened(coach, call)
    service.run(call.fall(5))
    drawn(page, call)
    took = page.evaluate("performance.getEntriesByName('event-to-paint').map((one) => one.duration)")
    assert len(took) >= 5
    assert all(0 < one < float("inf") for one in took)


def test_without_a_microphone_the_switch_goes_back_and_says_why(coach: Visit, call: CoachedCall) -> None:
    page = opened(coach, call)
    page.get_by_text("My own voice").click()
    page.get_by_label("Hold suggestions back while I speak").click()
    expect(page.locator("#own-voice-state")).to_have_text("There is no microphone that this page may use.")
    expect(page.get_by_label("Hold suggestions back while I speak")).not_to_be_checked()


def test_the_coach_may_say_that_they_speak_and_only_that_leaves_the_browser(
    coach: Visit, service: Service, call: CoachedCall
) -> None:
    coach.page.add_init_script(A_VOICE)
    page = opened(coach, call)
    page.get_by_text("My own voice").click()
    page.get_by_label("Hold suggestions back while I speak").check()
    expect(page.locator("#own-voice-state")).to_have_text("Listening for your voice.")
    with page.expect_request("**/coaching/speaking") as said:
        page.evaluate("window.voice.gain.value = 0.5")
    assert said.value.post_data_json == {"participant_id": call.ben, "speaking": True}
    expect(page.locator("#own-voice-state")).to_have_text("You are speaking: suggestions wait.")
    page.evaluate("window.voice.gain.value = 0")
    expect(page.locator("#own-voice-state")).to_have_text("Listening for your voice.")


def test_who_is_no_reviewer_sees_the_call_without_readings(
    browser: Browser, service: Service, scene: Scene, call: CoachedCall
) -> None:
    with visit(browser, service.address) as person:
        person.enter(scene.key(Position.SUPERVISOR)["Authorization"])
        page = opened(person, call)
        service.run(call.fall())
        expect(page.get_by_role("heading", name="You see this call without what is read of people")).to_be_visible()
        expect(page.locator(f"#person-{call.ana} .chips").first).to_contain_text("Face: on")
        assert page.locator(".prompt, .state-word, .band").count() == 0
        assert "engage" not in page.locator("main").inner_text()
        check(page)
