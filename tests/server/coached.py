"""A coached call without media: real gate, consents, leases, log and stream, its seconds written by a test."""

from collections.abc import Mapping
from typing import Any

from tests.server.api.scene import Scene

from countenance.consent.evidence import Evidence
from countenance.contracts.call import FACE, TEXT, VOICE, Role
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.readings import Abstain, Estimate, ModalityUse, Reason, Signal
from countenance.contracts.trust import ConsentStatus
from countenance.link.messages import Ask, Done, Finished, Granted
from countenance.server.asking import Form
from countenance.server.coaching import Coached
from countenance.server.live import Joining, LiveCall, NewCall
from countenance.server.stream import START
from countenance.storage.coached import CoachedCall as CoachedFact
from countenance.storage.coached import PromptFact, put_call, put_prompt
from countenance.surface.envelope import Envelope

SIGNED = Form(evidence=Evidence("typed_name", "Ana"))
SALES = Coached("sales")
OUTCOMES = ("accepted", "accepted", "accepted", "dismissed", "expired")
NO_HOLDOUT = {"limits": {"holdout_percent": 0}}


class CoachedCall:
    """Ana, who may buy, and Ben, who sells."""

    def __init__(self, scene: Scene, live: LiveCall) -> None:
        self.scene = scene
        self.live = live
        self.ana, self.ben = (one.id for one in live.call.participants)
        self.second = 0

    @classmethod
    async def begin(
        cls, scene: Scene, coached: Coached | None = SALES, person: str = "crm-ana", name: str = "Ana"
    ) -> "CoachedCall":
        ana, ben = Joining(name, Role.PROSPECT, person), Joining("Ben", Role.AGENT, "crm-ben")
        live = await scene.one.calls.open(NewCall(participants=(ana, ben), coaching=coached))
        made = cls(scene, live)
        await scene.one.calls.show(live.id, made.ana)
        for modality in (FACE, VOICE, TEXT):
            await scene.one.calls.answer(live.id, made.ana, modality, ConsentStatus.GIVEN, SIGNED)
        return made

    async def pass_second(
        self,
        engaged: float | None,
        talk: Mapping[str, Any] | None = None,
        words: tuple[Utterance, ...] = (),
        floor: Mapping[str, Any] | None = None,
    ) -> None:
        """One second of readings of Ana, through leases and results; None: her face was not in the picture."""
        start_us, end_us = self.second * SECOND_US, (self.second + 1) * SECOND_US
        self.second += 1
        owner = self.scene.pool.owners[self.live.id]
        granted = await owner.hear(Ask(self.live.id, start_us, end_us))
        assert isinstance(granted, Granted)
        finished = tuple(Finished(lease, dict.fromkeys(lease.modalities, 1), {}, "{}") for lease in granted.leases)
        self.scene.clock.pass_us(SECOND_US)
        packets = {self.ana: self.scene.clock.mono_us() - 90_000}
        reading = reading_of(self.ana, start_us, end_us, engaged)
        await owner.hear(Done(self.live.id, finished, (reading,), packets, talk or {}, words, floor or {}))

    async def fall(self, seconds: int = 23, high: int = 3) -> None:
        """Ana's estimate stands high, then falls and stays there."""
        for second in range(seconds):
            await self.pass_second(0.7 if second < high else 0.3)

    async def events(self, of: str = "prompt") -> list[Envelope]:
        """What the stream has told so far of a kind."""
        stream = self.live.stream
        found = []
        async for envelope in stream.follow(START):
            if f".{of}." in str(envelope["type"]):
                found.append(envelope)
            if envelope["sequence"] == stream.last:
                break
        return found

    def path(self, rest: str = "/coaching") -> str:
        return f"/v1/calls/{self.live.id}{rest}"


def reading_of(who: str, start_us: int, end_us: int, engaged: float | None) -> Signal:
    if engaged is None:
        gone = {FACE: ModalityUse(False, 0.0, 0.0, Reason.NO_FACE)}
        return Signal(
            who, start_us, end_us, "engagement.v1", "cal", {}, {}, None, gone, abstain=Abstain(Reason.NO_FACE)
        )
    use = {FACE: ModalityUse(True, 1.0, 0.9)}
    disengaged = 0.9 - engaged
    labels = {
        "engaged": Estimate(engaged, engaged - 0.12, engaged + 0.12),
        "disengaged": Estimate(disengaged, disengaged - 0.12, disengaged + 0.12),
    }
    label = "engaged" if engaged >= 0.6 else "disengaged" if disengaged >= 0.5 else None
    return Signal(who, start_us, end_us, "engagement.v1", "cal", labels, {}, label, use)


def keep_prompts(scene: Scene, many: int) -> None:
    """What became of so many prompts that were shown, of one that was held back, and of a rule that spoke once."""
    day = scene.one.control.suggestions.day()
    shown = [
        PromptFact(day, "sales.v1", "engagement_fell", "shown", OUTCOMES[n % 5], 1, n % 2, None, 4_000_000, 90_000)
        for n in range(many)
    ]
    held = PromptFact(day, "sales.v1", "engagement_fell", "holdout", "not_shown", 0, 0, None, None, 90_000)
    rare = PromptFact(day, "support.v1", "long_hold", "shown", "dismissed", 1, 0, None, 4_000_000, 90_000)
    with scene.one.tenant.store.transaction() as tx:
        for one in (*shown, held, rare):
            put_prompt(tx, one, "2000-01-01")
        put_call(tx, CoachedFact(day, "sales.v1", 10 * 3_600 * SECOND_US), "2000-01-01")
