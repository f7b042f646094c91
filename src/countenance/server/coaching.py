"""Coaching of one live call: its seconds to the coach, its prompts into the log, the store and the stream."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.coaching.coach import Coach, Manner
from countenance.coaching.conditions import Language, Side
from countenance.coaching.playbook import Playbook, load, offered
from countenance.coaching.prompts import Action, Arm, Change, Prompt, Step
from countenance.coaching.scene import Tick, state_of
from countenance.coaching.settings import CoachingTable, manner_of
from countenance.contracts.call import TELEMETRY, TEXT, VOICE
from countenance.contracts.errors import AuditError, NotFoundError, RefusedError, StorageError, UsageError, VaultError
from countenance.contracts.media import SECOND_US
from countenance.contracts.telemetry import Stretch
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.control.suggesting import Suggestion
from countenance.inference.tables import near
from countenance.link.logs import extra
from countenance.link.messages import Done
from countenance.server import advice
from countenance.server.reported import Reported
from countenance.storage.coached import PromptFact
from countenance.surface.envelope import PROMPT_ISSUED, PROMPT_RESOLVED, SAMPLE, Envelope, Envelopes

SYSTEM = "system"
Counted = Callable[[str], None]
"""Told what became of every prompt, for the metrics."""

Act = Callable[["CallCoaching", int, Callable[[], int]], Awaitable[Sequence[Envelope]]]
"""Something done at a media time, given who numbers the envelopes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Coached:
    """What a call asks for; None: no coaching."""

    playbook: str | None
    language: Language | None = None


def coaching_of(
    table: CoachingTable, chosen: Coached | None, control: Control, running: RunningCall, counted: Counted
) -> "CallCoaching | None":
    """The coach of a call, if it has one; raises UsageError for a playbook that is not offered here."""
    own = table.book
    book = own if chosen is None else _chosen(chosen, own)
    if book is None:
        return None
    language = None if chosen is None else chosen.language
    manner = manner_of(table, running.call.id, running.call.started_at, language)
    return CallCoaching(control, running, book, manner, counted)


def _chosen(chosen: Coached, own: Playbook | None) -> Playbook | None:
    """A file of the operator's own is named in the configuration, never over the network: here by its name alone."""
    if chosen.playbook is None or (own is not None and chosen.playbook == own.name):
        return own if chosen.playbook is not None else None
    if chosen.playbook not in (known := offered()):
        raise UsageError(f"there is no playbook {chosen.playbook!r}", near(chosen.playbook, known))
    return load(chosen.playbook)


class CallCoaching:
    """The coach of one call; everything here happens in the turn of the call, but for reports of who speaks."""

    def __init__(
        self, control: Control, running: RunningCall, playbook: Playbook, manner: Manner, counted: Counted
    ) -> None:
        self.coach = Coach(playbook, manner)
        self._counted = counted
        self.reported = Reported()
        self._control = control
        self._running = running
        self._issued: dict[str, str] = {}
        """The id of the envelope with which each prompt was told of."""
        self._latency_us: dict[str, int] = {}
        self._media_us = 0

    async def heard(self, message: Done, told: Sequence[Envelope], number: Callable[[], int]) -> Sequence[Envelope]:
        """One window is out: what is to be said because of it."""
        tick = self._tick(message, told)
        if tick is None or tick.end_us <= self._media_us:
            return ()
        self._media_us = tick.end_us
        changes = self.coach.step(tick)
        for change in changes:
            if change.step is Step.ISSUED:
                self._latency_us[change.prompt.id] = self._since_packets(message, change.prompt)
        return await self._note(changes, SYSTEM, number)

    async def act(
        self, prompt_id: str, action: Action, at_us: int, actor: str, number: Callable[[], int]
    ) -> Sequence[Envelope]:
        """What the coach does with a prompt; raises NotFoundError, or PreconditionError where it is too late."""
        told = await self._note(self.coach.expire(at_us), SYSTEM, number)
        before = self.coach.prompts.get(prompt_id)
        changes = self.coach.act(prompt_id, action, at_us)
        try:
            return [*told, *await self._durable(changes, actor, number)]
        except (AuditError, StorageError, VaultError):
            if before is not None:
                self.coach.prompts[prompt_id] = before  # it may be said again
            raise

    async def refresh(self, at_us: int, number: Callable[[], int]) -> Sequence[Envelope]:
        """What has expired by now, also where no window has come in since."""
        return await self._note(self.coach.expire(at_us), SYSTEM, number)

    async def finish(self, number: Callable[[], int]) -> Sequence[Envelope]:
        """The call is over."""
        told = await self._note(self.coach.finish(self._media_us), SYSTEM, number)
        await asyncio.to_thread(self._control.suggestions.ended, self.coach.playbook.name, self._media_us)
        return told

    def speaking(self, participant_id: str, *, speaks: bool, at_us: int) -> None:
        """A coach's own page says whether they speak; raises NotFoundError, or RefusedError where nobody may count."""
        role = {one.id: one.role for one in self._running.call.participants}.get(participant_id)
        if role is None or self.coach.playbook.side(role) is not Side.COACH:
            raise NotFoundError("nobody is coached under this id", "Name the seat of the one who is coached.")
        ruling = self._running.rulings[participant_id, TELEMETRY]
        if not ruling.allowed:
            raise RefusedError.by(ruling.verdicts, "Nothing is counted.")
        if not self._running.permissions().counts(participant_id, self._running.at_us):
            raise RefusedError("this person has objected to being counted", "Nothing is counted.")
        self.reported.say(participant_id, speaks=speaks, at_us=at_us)

    def coach_speaks(self) -> bool | None:
        """Whether the coach was in mid-sentence in the last window; None where nobody knows."""
        return self.coach.scene.speaks(Side.COACH)

    def shown(self) -> Sequence[Prompt]:
        """The prompts of the call that were shown, the newest first."""
        return [one for one in reversed(self.coach.prompts.values()) if one.arm is Arm.SHOWN]

    def sides(self) -> Mapping[str, Side]:
        """On which side each participant is."""
        found = {one.id: self.coach.playbook.side(one.role) for one in self._running.call.participants}
        return {who: side for who, side in found.items() if side is not None and who not in self._running.left}

    def _tick(self, message: Done, told: Sequence[Envelope]) -> Tick | None:
        taxonomy = self.coach.playbook.taxonomy
        samples: list[Any] = [one["data"] for one in told if one["type"] == SAMPLE]
        samples = [one for one in samples if one["taxonomy"] == taxonomy]
        if not samples:
            return None
        end_us = max(int(one["window"]["end_us"]) for one in samples)
        leased = {one.lease.participant_id: one.lease.modalities for one in message.finished}
        heard = [Stretch(a, b, who) for who, spans in self._countable(message.talk).items() for a, b in spans]
        said = self._countable(self.reported.window(end_us - SECOND_US, end_us))
        voiced = {who for who, modalities in leased.items() if VOICE in modalities}
        # What a media server says of a coach counts where nothing better is known: no voice, and no page of theirs.
        said = self._on_the_floor(message, voiced) | dict(said)
        own = [Stretch(start_us, stop_us, who) for who, spans in said.items() for start_us, stop_us in spans]
        return Tick(
            end_us,
            self.sides(),
            tuple(map(state_of, samples)),
            (*heard, *own),
            message.words,
            frozenset(voiced) | said.keys(),
            frozenset(who for who, modalities in leased.items() if TEXT in modalities),
        )

    def _on_the_floor(self, message: Done, voiced: Collection[str]) -> dict[str, tuple[tuple[int, int], ...]]:
        """Coaches of whom the media server says when they speak; others, and whom nobody may count, are passed over."""
        coaches = {who for who, side in self.sides().items() if side is Side.COACH and who not in voiced}
        return {who: spans for who, spans in self._countable(message.floor).items() if who in coaches}

    def _countable(self, spoke: Mapping[str, tuple[tuple[int, int], ...]]) -> dict[str, tuple[tuple[int, int], ...]]:
        """Of those of whom it may be counted when they speak."""
        permissions, at_us = self._running.permissions(), self._running.at_us
        return {who: spans for who, spans in spoke.items() if permissions.counts(who, at_us)}

    async def _note(self, changes: Sequence[Change], actor: str, number: Callable[[], int]) -> Sequence[Envelope]:
        """What of it is durable; what is not is not said, and the call goes on."""
        told: list[Envelope] = []
        for change in changes:
            try:
                told += await self._durable([change], actor, number)
            except (AuditError, StorageError, VaultError) as fault:
                told_of = extra(call_id=self._running.call.id)
                log.error("a step of a prompt is lost", exc_info=fault, extra=told_of)
                if change.step is Step.ISSUED:
                    self.coach.retract(change.prompt.id)
        return told

    async def _durable(self, changes: Sequence[Change], actor: str, number: Callable[[], int]) -> Sequence[Envelope]:
        told = []
        for change in changes:
            envelope = self._told(change, number)
            step = self._suggestion(change, actor, envelope)
            await asyncio.to_thread(self._control.suggestions.note, self._running, step)
            if change.step is Step.SETTLED:
                self._counted(str(change.prompt.outcome))
            if envelope is not None:
                told.append(envelope)
        return told

    def _told(self, change: Change, number: Callable[[], int]) -> Envelope | None:
        prompt, call = change.prompt, self._running.call
        made = Envelopes(call)
        chain: dict[str, object] = {"correlationid": prompt.id}
        if change.step is Step.ISSUED and prompt.arm is Arm.SHOWN:
            data = advice.issued(call, prompt)
            until = {} if data["expires_at"] is None else {"expirytime": data["expires_at"]}
            envelope = made.prompt(number(), PROMPT_ISSUED, data, prompt.at_us, chain | until)
            self._issued[prompt.id] = str(envelope["id"])
            return envelope
        if change.step is Step.RESOLVED or (change.step is Step.SETTLED and advice.is_told_again(prompt)):
            at_us = max(prompt.answered_us or 0, prompt.acted_us or 0, self._media_us)
            cause = {"causationid": self._issued[prompt.id]} if prompt.id in self._issued else {}
            return made.prompt(number(), PROMPT_RESOLVED, advice.resolved(call, prompt), at_us, chain | cause)
        return None

    def _suggestion(self, change: Change, actor: str, envelope: Envelope | None) -> Suggestion:
        prompt, step = change.prompt, change.step
        status = str(step)
        if step is Step.ISSUED:
            status = "issued" if prompt.arm is Arm.SHOWN else "held_out"
        elif step is Step.RESOLVED:
            status = str(prompt.outcome)
        fact = self._fact(prompt) if step is Step.SETTLED else None
        return Suggestion(prompt.id, status, about=prompt.about, actor=actor, envelope=envelope, fact=fact)

    def _fact(self, prompt: Prompt) -> PromptFact:
        answered = None if prompt.answered_us is None else prompt.answered_us - prompt.at_us
        return PromptFact(
            day=self._control.suggestions.day(),
            playbook=prompt.playbook,
            rule_id=prompt.rule_id,
            arm=str(prompt.arm),
            outcome=str(prompt.outcome),
            seen=int(prompt.seen_us is not None),
            acted=None if prompt.acted is None else int(prompt.acted),
            acted_after_us=prompt.time_to_action_us,
            answered_after_us=answered,
            latency_us=self._latency_us.get(prompt.id),
        )

    def _since_packets(self, message: Done, prompt: Prompt) -> int:
        """How long ago the last packet came that a prompt rests on; of everybody where it rests on nobody's."""
        packets = message.packet_mono_us
        last_us = packets.get(prompt.about or "", max(packets.values(), default=0))
        return max(0, self._control.tenant.clock.mono_us() - last_us) if last_us else 0
