"""A call as it went, from its first question to its end, without media: two people, of whom one may be read."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from tests.server.api.scene import Scene

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.readings import Abstain, Estimate, Event, Evidence, ModalityUse, Phase, Reason, Signal
from countenance.link.messages import Done, Finished, Left
from countenance.server.live import LiveCall

ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}
BEN = {"name": "Ben", "role": "agent", "person": "agent-4"}
MODELS = {"face-expression.v1": "a" * 64, "voice-emotion.v1": "b" * 64, "text-emotion.v1": "c" * 64}
TAXONOMY = "engagement.v1"
LABELS = ("engaged", "disengaged", "confused", "frustrated")
WORDS = (
    ("ben", 1, 6, "Thanks for taking the time. Shall I start with what we changed since the spring?"),
    ("ana", 7, 11, "Yes, please. We had a few questions about the reports."),
    ("ben", 12, 29, "So the reports are now built every night, and there is a new page for each region, with filters."),
    ("ana", 31, 33, "Okay."),
    ("ben", 34, 45, "You can also export all of it, and then there is the scheduler, which runs twice a day."),
    ("ana", 47, 52, "What does that mean for the contract we have now?"),
    ("ben", 53, 58, "Nothing changes until the renewal. Which part matters most to you?"),
)


@dataclass(frozen=True)
class Told:
    """A call that is over."""

    call_id: str
    ana: str
    ben: str


def tell(scene: Scene, address: str, seconds: int, ben: str = "agent-4") -> Told:
    """Let a call happen on a service: Ana says yes to all three, is read for so long, and it ends."""
    scene.one.control.loaded(MODELS, "countenance")
    with httpx.Client(base_url=address, headers=scene.key()) as client:
        begun = client.post("/v1/calls", json={"participants": [ANA, BEN | {"person": ben}]})
        assert begun.status_code == 201, begun.text
        call = begun.json()
        ana, ben = (one["participant_id"] for one in call["participants"])
        _say_yes(client, f"/v1/calls/{call['call_id']}/participants/{ana}")
        live = scene.one.calls.get(call["call_id"])
        for second in range(seconds):
            _read(scene, live, ana, second, seconds)
        who_is = {"ana": ana, "ben": ben}
        words = tuple(_said(live, who_is[who], start, end, text) for who, start, end, text in WORDS)
        spoke = {ana: tuple((a * SECOND_US, b * SECOND_US) for who, a, b, _ in WORDS if who == "ana")}
        live.has_left(Left(live.id, seconds * SECOND_US, "hang_up", spoke=spoke, words=words))
        client.post(f"/v1/calls/{live.id}/end").raise_for_status()
    return Told(call["call_id"], ana, ben)


def _say_yes(client: httpx.Client, seat: str) -> None:
    notice = client.get(f"{seat}/notice").json()
    for modality in (FACE, VOICE, TEXT):
        body = {"modality": modality, "status": "given", "notice_sha256": notice["text_sha256"]}
        client.post(f"{seat}/consent", json=body).raise_for_status()


def _read(scene: Scene, live: LiveCall, who: str, second: int, seconds: int) -> None:
    """One second as a worker hands it in; the rulings may have ended it before."""
    start = second * SECOND_US
    leases = scene.one.control.grant(live.running, start, start + SECOND_US, [who])
    counts = {FACE: 5, VOICE: 1}
    finished = tuple(Finished(lease, counts, {}, "{}") for lease in leases)
    now = _signal(who, second, seconds)
    readings: list[Signal | Event] = [now]
    for name, phase, label, begun in _turning(second, seconds):
        onset, end = begun * SECOND_US, start + SECOND_US
        readings.append(Event(name, phase, f"s_{name}", onset, end, now, label))
    asyncio.run_coroutine_threadsafe(
        scene.pool.owners[live.id].hear(Done(live.id, finished, tuple(readings))), live.out.loop
    ).result(30)


def _turning(second: int, seconds: int) -> list[tuple[str, Phase, str, int]]:
    """Events by the second at which they are raised, in a call of any length."""
    low, high = round(seconds * 0.38), round(seconds * 0.6)
    rise, fall = round(seconds * 0.84), round(seconds * 0.92)
    return {
        low: [("engagement_low", Phase.STARTED, "disengaged", max(0, low - 4))],
        high: [("engagement_low", Phase.ENDED, "disengaged", max(0, low - 4))],
        rise: [("frustration_spike", Phase.STARTED, "frustrated", max(0, rise - 2))],
        fall: [("frustration_spike", Phase.ENDED, "frustrated", max(0, rise - 2))],
    }.get(second, [])


def _signal(who: str, second: int, seconds: int) -> Signal:
    at = second / seconds
    span = (second * SECOND_US, (second + 1) * SECOND_US)
    if 0.66 <= at < 0.74:
        dark = {FACE: ModalityUse(False, 0.0, 0.1, "low_light"), VOICE: ModalityUse(False, 0.0, 0.0, "silence")}
        return Signal(who, *span, TAXONOMY, "cal", {}, {}, None, dark, abstain=Abstain(Reason.LOW_LIGHT))
    disengaged = _hill(at, 0.32, 0.58, 0.12, 0.72)
    frustrated = _hill(at, 0.78, 0.94, 0.06, 0.64)
    confused = _hill(at, 0.1, 0.2, 0.08, 0.4)
    engaged = max(0.05, 1 - disengaged - frustrated - confused)
    wave = ((second * 7) % 5 - 2) * 0.012
    values = dict(zip(LABELS, (engaged + wave, disengaged - wave, confused, frustrated + wave), strict=True))
    width = 0.09 + 0.12 * abs(at - 0.5)
    labels = {name: _estimate(value, width) for name, value in values.items()}
    leading = max(labels, key=lambda name: labels[name].value)
    use = {FACE: ModalityUse(True, 0.5, 0.8), VOICE: ModalityUse(True, 0.3, 0.7), TEXT: ModalityUse(True, 0.2, 0.9)}
    why = (Evidence("cue.head_yaw_deg", 31.0, 0.8), Evidence("cue.pause_share", 0.3, 0.3))
    return Signal(who, *span, TAXONOMY, "cal", labels, {}, leading if labels[leading].value > 0.5 else None, use, why)


def _hill(at: float, start: float, end: float, low: float, high: float) -> float:
    edge = 0.05
    rising, falling = (at - start) / edge, (end - at) / edge
    return low + (high - low) * max(0.0, min(1.0, rising, falling))


def _estimate(value: float, width: float) -> Estimate:
    bounded = min(0.97, max(0.03, value))
    return Estimate(bounded, max(0.0, bounded - width), min(1.0, bounded + width))


def _said(live: LiveCall, who: str, start: int, end: int, text: str) -> Utterance:
    return Utterance(f"{live.id}/{who}", who, start * SECOND_US, end * SECOND_US, text)


def readings_of(client: httpx.Client, told: Told) -> list[Mapping[str, Any]]:
    """All samples of Ana as the API gives them."""
    found: list[Mapping[str, Any]] = []
    path, cursor = f"/v1/calls/{told.call_id}/participants/{told.ana}/readings", None
    while True:
        page = client.get(path, params={"limit": 200} | ({} if cursor is None else {"cursor": cursor})).json()
        for one in page["items"]:
            found += one["data"]["readings"] if one["kind"] == "result" else []
        cursor = page["next"]
        if cursor is None:
            return found
