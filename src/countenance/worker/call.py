"""One call in a worker: its tap, its session, its leases, and what the control plane says meanwhile."""

import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from countenance.capture.mixing import LiveTap
from countenance.capture.remote import RemoteConnector
from countenance.capture.speech import VoiceSampler
from countenance.capture.words import Words
from countenance.consent.register import Register
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality
from countenance.contracts.errors import CountenanceError, UsageError
from countenance.contracts.media import SECOND_US, AudioChunk, Media, Reached, Utterance
from countenance.contracts.trust import Consent, ConsentStatus
from countenance.link.line import Line
from countenance.link.logs import extra
from countenance.link.messages import Admitted, Host, Left, Said, Signalling
from countenance.permission import Permissions
from countenance.session import Session
from countenance.worker.guard import LinkGuard
from countenance.worker.heard import Hearing
from countenance.worker.parts import Parts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of one call."""

    mono_us: Callable[[], int]
    """The monotonic clock of this machine."""
    began_us: int
    """When media time zero was, on that clock."""


class LiveConnector(Protocol):
    """A connector whose calls go on; some take signalling while they do."""

    def join(self, call: Call) -> AbstractAsyncContextManager[LiveTap]:
        """Enter the call as a visible listener."""
        ...


class Person(Protocol):
    """Somebody in a room, as the room shows them."""

    @property
    def participant_id(self) -> str | None:
        """None: nobody on the call."""
        ...

    @property
    def hints(self) -> Mapping[str, str]:
        """What the room shows of their consent, by modality."""
        ...


@runtime_checkable
class Showing(Protocol):
    """A connector whose room shows something of the people in it."""

    def people(self) -> Sequence[Person]:
        """Who is there."""
        ...


class HostedCall:
    """Reads one live call until it ends or the worker is told to leave."""

    def __init__(self, line: Line, parts: Parts, host: Host, connector: LiveConnector, clock: Clock) -> None:
        call = host.admitted.call
        self.id = host.admitted.call_id
        self.guard = LinkGuard(line, self.id, self.now_us, clock.mono_us)
        self.guard.packets = self._packets
        start_us = host.media_us // SECOND_US * SECOND_US
        register = _register(host, start_us)
        self._line = line
        self._connector = connector
        self._clock = clock
        self._permissions = Permissions(call, dict[Any, Any](), register, (FACE, VOICE, TEXT))
        self._tap: LiveTap | None = None
        self._reason = "hang_up"
        self._arrived: dict[int, dict[str, int]] = defaultdict(dict)
        self._words: list[Utterance] = []
        self._heard = Hearing(self._spoke, self._words, self._floor)
        if host.coached:
            self.guard.heard = self._heard.in_window
        self._texts = Words(parts.transcriber, parts.recipe.transcription.slots)
        self.admit(host.admitted)
        self._session = Session(
            self._permissions,
            parts.stages(self._permissions, host.taxonomies, self.now_us),
            self.guard,
            self,
            start_us=start_us,
            on_arrival=True,
        )
        self.guard.granted = self._session.read_waiting

    def now_us(self) -> int:
        """Media time of this moment."""
        return max(0, self._clock.mono_us() - self._clock.began_us)

    async def run(self) -> None:
        """Until the media end; says so to the control plane, whatever the reason."""
        problem = None
        try:
            async with self._connector.join(self._permissions.call) as tap:
                if isinstance(tap, LiveTap):  # recordings bring their own words
                    tap.dress(self._texts.around)
                self._tap = tap
                await self._session.run(_Watched(tap, self._saw), 0)
        except CountenanceError as fault:
            # One call has gone wrong; the others of this worker go on.
            problem, self._reason = fault.problem, "fault"
            log.warning("a call is lost", exc_info=fault, extra=extra(call_id=self.id))
        finally:
            self.guard.leave()
        self._line.tell(Left(self.id, self.now_us(), self._reason, problem, self._spoke(), tuple(self._words)))

    def admit(self, admitted: Admitted) -> None:
        """People came or went or paused, or the gate has said something new."""
        self._permissions.call = admitted.call
        rulings = dict(self._permissions.rulings)
        rulings.update({(who, ruling.case.modality): ruling for who, ruling in admitted.rulings})
        self._permissions.rulings = rulings
        self._permissions.paused = frozenset(admitted.paused)
        if isinstance(self._connector, RemoteConnector):
            for participant_id, called in admitted.known_as:
                self._connector.know(called, participant_id)

    async def answered(self, consent: Consent) -> None:
        """A durable answer: a yes counts from the first window whose leases are not asked for yet."""
        register = self._permissions.register
        at_us = self.guard.unasked_us if consent.status is ConsentStatus.GIVEN else self.now_us()
        latest_us = max((c.at_us for c in register.records if c.participant_id == consent.participant_id), default=0)
        register.answer(
            consent.participant_id,
            consent.modality,
            consent.status,
            max(at_us, latest_us, consent.at_us),
            kind=consent.kind,
            notice=consent.notice,
            receipt=consent.receipt_id,
        )

    async def stop(self, participant_id: str, modality: Modality) -> None:
        """A no: leases in hand lose the modality at once; nothing more of it is decoded or read when this returns."""
        self.guard.stop(participant_id, modality)
        if self._tap is not None:
            await self._session.stop(self._tap, participant_id, modality)

    async def signal(self, message: Signalling) -> Mapping[str, Any]:
        """Hand something to the connector: an offer, a change, an end."""
        take = getattr(self._connector, "signal", None)
        if take is None:
            kind = type(self._connector).__name__
            raise UsageError(f"{kind} takes no signalling", "Publish at the media server that it taps.")
        answer: Mapping[str, Any] = await take(message.verb, message.table)
        return answer

    def said(self, message: Said) -> None:
        """Words that a client hands in; they are dropped, and counted, where they may not be read."""
        end_us = self.now_us() if message.end_us is None else message.end_us
        start_us = end_us if message.start_us is None else message.start_us
        who, spoken = message.participant_id, (message.text, message.confidence, message.language)
        self._texts.said(Utterance("", who, start_us, end_us, *spoken))

    def hang_up(self, reason: str) -> None:
        """Leave the call; what was read is still handed over."""
        self._reason = reason
        if self._tap is not None:
            self._tap.hang_up()

    def load(self) -> Mapping[str, Any]:
        """How the call is doing."""
        tap = self._tap
        tracks = () if tap is None else tap.tracks()
        counts = {track.id: dict(tap.counts(track.id)) for track in tracks} if tap is not None else {}
        captions = dict(self._texts.counts())
        told = {"media_us": self.now_us(), "tracks": counts, "captions": captions, "trouble": self.guard.trouble}
        return {**told, "hints": self._hints()}

    def _hints(self) -> Mapping[str, Mapping[str, str]]:
        """What the room shows of people's consent: nothing is permitted by it."""
        if not isinstance(self._connector, Showing):
            return {}
        return {one.participant_id: dict(one.hints) for one in self._connector.people() if one.participant_id}

    def on_window(self, end_us: int) -> None:
        """Packets of long ago are forgotten."""
        for second in [one for one in self._arrived if one * SECOND_US < end_us - 5 * SECOND_US]:
            del self._arrived[second]

    def on_consent(self, consent: Consent) -> None:
        """The control plane knows."""

    def on_words(self, said: Utterance) -> None:
        """They go to the control plane with their window, and once more when the call is left."""
        self._words.append(said)

    def _saw(self, media: Media, owner: str) -> None:
        """Media are stamped on arrival, so their end is when their last packet had come."""
        end_us = media.end_us if isinstance(media, AudioChunk | Utterance) else media.at_us
        latest = self._arrived[media.at_us // SECOND_US]
        latest[owner] = max(latest.get(owner, 0), self._clock.began_us + end_us)

    def _spoke(self) -> dict[str, tuple[tuple[int, int], ...]]:
        voices = {who: seat.samplers.get(VOICE) for who, seat in self._session.seats.items()}
        heard = {who: voice.stretches for who, voice in voices.items() if isinstance(voice, VoiceSampler)}
        return {who: tuple((one.start_us, one.end_us) for one in stretches) for who, stretches in heard.items()}

    def _floor(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """Who spoke as the media server says it; for coaching alone, and nothing of it is handed over at the end."""
        return self._tap.speakers.spans(self.now_us()) if isinstance(self._tap, LiveTap) else {}

    def _packets(self, start_us: int, end_us: int) -> Mapping[str, int]:  # noqa: ARG002 - windows are whole seconds
        return dict(self._arrived.get(start_us // SECOND_US, {}))


def _register(host: Host, start_us: int) -> Register:
    """What people have answered by now; a no that is not durable yet counts from the first window on."""
    call = host.admitted.call
    register = Register(call.id, call.purpose)
    for consent in host.consents:
        register.record(consent)
    for who, modality in host.noes:
        answered_us = [one.at_us for one in host.consents if (one.participant_id, one.modality) == (who, modality)]
        register.answer(who, modality, ConsentStatus.WITHDRAWN, max([start_us, *answered_us]))
    return register


class _Watched:
    """A tap, and somebody who notes when media came."""

    def __init__(self, tap: LiveTap, saw: Callable[[Media, str], None]) -> None:
        self._tap = tap
        self._saw = saw
        self.tracks, self.subscribe, self.unsubscribe = tap.tracks, tap.subscribe, tap.unsubscribe

    async def media(self) -> AsyncIterator[Media | Reached]:
        owners: dict[str, str] = {}
        async for item in self._tap.media():
            if not isinstance(item, Reached):
                if item.track_id not in owners:
                    owners = {track.id: track.participant_id for track in self._tap.tracks()}
                self._saw(item, owners.get(item.track_id, ""))
            yield item
