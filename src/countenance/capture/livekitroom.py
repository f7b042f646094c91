"""One visit of a LiveKit room: who is there, what is subscribed, and a server that does not stop is left."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from countenance.capture.livekitmedia import Package
from countenance.capture.remote import LostError
from countenance.capture.roster import Roster
from countenance.contracts.call import TrackKind
from countenance.contracts.errors import TapError, UsageError

SIGNAL = "countenance.signal"
"""The data topic on which a person is told of their own readings."""
CONSENT = "countenance.consent."
"""Begins the attributes in which an answer may be shown; they are a hint, and never a permission."""
SIMULATOR, REDACTED = "lk.simulator", "lk.redaction.enabled"
WORDS = "words:"
"""Begins the key of somebody's transcript; tracks have LiveKit's own ids."""
LARGEST_DATA = 15_000
"""Bytes of one reliable data message."""
LARGEST_STREAM = 64 * 1024
"""Bytes of one text stream."""
GIVEN_WITHIN_S = 10.0
LISTENED_S = (0.08, 0.08, 1.0)
"""After giving a track up its packets are counted at these distances; a server that sends on after the first is left,
whatever else it sends: LiveKit's package forgets the track at once, and goes on decoding what comes."""
SCREENS = ("SOURCE_SCREENSHARE", "SOURCE_SCREENSHARE_AUDIO")
MACHINES = ("PARTICIPANT_KIND_AGENT", "PARTICIPANT_KIND_EGRESS")
"""Participants who are no people."""
ENDINGS = ("CLIENT_INITIATED", "PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED")
"""After these there is nothing to come back for: whoever removed the tap meant it."""
CLUNG = "the server went on sending what was given up"


@dataclass(frozen=True, slots=True)
class Seen:
    """One person of the room as the server tells it; nothing of them was subscribed to see this."""

    identity: str
    participant_id: str | None
    """None: nobody on the call."""
    simulated: bool
    hints: Mapping[str, str]
    """What the room shows of their consent, by modality; the register is the authority."""


@dataclass(slots=True)
class Wanted:
    """A publication that is to be received."""

    given: asyncio.Future[Package]
    """The track; None when the publication or the room ended first."""
    over: bool = False
    turned: asyncio.Event = field(default_factory=asyncio.Event)
    """It ended, or goes on as another track."""

    def end(self) -> None:
        """Nothing more comes."""
        self.over = True
        if not self.given.done():
            self.given.set_result(None)
        self.turned.set()

    def give(self, track: Package) -> None:
        """It comes as this track."""
        if self.given.done():
            self.given = asyncio.get_running_loop().create_future()
            self.turned.set()
        self.given.set_result(track)


class Visit:
    """From entering to leaving; `sdk` is LiveKit's package, or what a test has in its place."""

    def __init__(
        self, sdk: Package, roster: Roster[str], changed: Callable[[], None], counts: Counter[str], written: set[str]
    ) -> None:
        """`changed` is called when somebody came or went, and when the visit is over.

        `written` are the identities of those whose transcripts were seen; it grows.
        """
        self.over = asyncio.Event()
        self.reason: str | None = None
        """Why it is over, in LiveKit's words."""
        self.room: Package = sdk.Room()
        self._sdk, self._roster, self._changed, self._counts = sdk, roster, changed, counts
        self._written = written
        self._wanted: dict[str, Wanted] = {}
        self._tracks: dict[str, Package] = {}
        """Of publications that were given once: when they are asked for again, the package says nothing new of them."""
        self._leaving: set[str] = set()
        """Given up; the package still has to say so."""
        self._refusing: set[asyncio.Task[None]] = set()

    @property
    def gone(self) -> bool:
        """Whether it is over."""
        return self.over.is_set()

    async def enter(self, url: str, token: str) -> None:
        """Enter, subscribed to nothing; raises LostError."""
        room, sdk = self.room, self._sdk
        for event in ("participant_connected", "participant_disconnected", "track_published", "track_unpublished"):
            room.on(event, self.look)
        room.on("participant_attributes_changed", self.look)
        room.on("reconnected", self.look)
        room.on("track_subscribed", self._subscribed)
        room.on("track_unsubscribed", self._unsubscribed)
        room.on("track_subscription_failed", self._failed)
        room.on("disconnected", self._disconnected)
        limits = sdk.DataStreamOptions(max_payload_byte_length=LARGEST_STREAM)
        try:
            await room.connect(url, token, sdk.RoomOptions(auto_subscribe=False, data_stream=limits))
        except sdk.ConnectError as error:
            remedy = "Check LIVEKIT_URL and the pair of keys."
            raise LostError(f"LiveKit does not let the tap in ({error.message})", remedy) from error
        self.look()

    async def leave(self) -> None:
        """Leave the room; what was received ends."""
        self._over("CLIENT_INITIATED")
        for task in tuple(self._refusing):
            task.cancel()
        await self.room.disconnect()

    def look(self, *_: object) -> None:
        """Keep the roster by what the room shows now."""
        seen = dict(sorted(self._published()))  # the package has no order of its own
        for key in self._roster.published():
            if key not in seen:
                self._roster.withdraw(key)
                self._end(key)
        for key, (kind, identity) in seen.items():
            self._roster.publish(key, kind, identity)
        self._changed()

    def people(self) -> tuple[Seen, ...]:
        """Who is in the room, machines left out."""
        return tuple(
            Seen(
                identity,
                self._roster.whose(identity),
                person.attributes.get(SIMULATOR) == "true",
                {key.removeprefix(CONSENT): said for key, said in person.attributes.items() if key.startswith(CONSENT)},
            )
            for identity, person in self._people()
        )

    def transcribed(self, key: str) -> str | None:
        """The participant who publishes a track of which there is a transcript; from now on they have a text track."""
        found = next((identity for identity, person in self._people() if key in person.track_publications), None)
        if found is not None and found not in self._written:
            self._written.add(found)
            self.look()
        return None if found is None else self._roster.whose(found)

    def publication(self, key: str) -> Package:
        """What is published under a key; None when it is gone."""
        found = (person.track_publications.get(key) for _, person in self._people())
        return None if self.gone else next((one for one in found if one is not None), None)

    def ask(self, publication: Package) -> Wanted:
        """Subscribe to a publication."""
        wanted = self._wanted[publication.sid] = Wanted(asyncio.get_running_loop().create_future())
        if publication.sid in self._tracks:
            wanted.give(self._tracks[publication.sid])
        publication.set_subscribed(True)
        return wanted

    def give_up(self, publication: Package, wanted: Wanted) -> None:
        """Subscribe to it no more, from this moment."""
        wanted.over = True
        if self._wanted.get(publication.sid) is wanted:
            del self._wanted[publication.sid]
            if not self.gone:
                self._refuse(publication)

    async def given(self, wanted: Wanted) -> Package:
        """The track that was asked for."""
        try:
            async with asyncio.timeout(GIVEN_WITHIN_S):
                track = await wanted.given
                wanted.turned.clear()
        except TimeoutError as error:
            raise TapError("LiveKit does not give the track", "May the tap subscribe to it?") from error
        if track is None:
            raise LostError("the publication is gone", "It may come again.")
        return track

    async def silent(self, key: str) -> None:
        """Watch until the server stopped sending what nobody wants; one that does not is left: that ends it."""
        track, before = self._tracks.get(key), None
        for pause_s in LISTENED_S:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):  # `wait_for` may lose a cancellation in Python 3.11
                    await self.over.wait()
            if self.gone or key in self._wanted or track is None or self._tracks.get(key) is not track:
                return
            packets = await received(track)
            if before is not None and packets > before:
                self._counts["clung"] += 1
                self._over(CLUNG)
            before = packets

    async def tell(self, participant_id: str, payload: bytes) -> bool:
        """Send a person data that nobody else receives; False when they are not in the room."""
        if len(payload) > LARGEST_DATA:
            raise UsageError(f"{len(payload)} bytes for one message", f"Send at most {LARGEST_DATA}.")
        whose = [identity for identity, _ in self._people() if self._roster.whose(identity) == participant_id]
        if not whose or self.gone:
            return False  # without a name it would go to everyone
        try:
            await self.room.local_participant.publish_data(
                payload, reliable=True, destination_identities=whose, topic=SIGNAL
            )
        except self._sdk.participant.PublishDataError:
            return False
        return True

    def _people(self) -> Iterator[tuple[str, Package]]:
        kinds = dict(self._sdk.ParticipantKind.items())
        machines = [kinds[name] for name in MACHINES]
        return ((who, one) for who, one in self.room.remote_participants.items() if one.kind not in machines)

    def _published(self) -> Iterator[tuple[str, tuple[TrackKind, str]]]:
        """What is published by people; their screens are not their faces."""
        sdk = self._sdk
        kinds = {sdk.TrackKind.KIND_AUDIO: TrackKind.AUDIO, sdk.TrackKind.KIND_VIDEO: TrackKind.VIDEO}
        screens = [dict(sdk.TrackSource.items())[name] for name in SCREENS]
        for identity, person in self._people():
            for key, publication in person.track_publications.items():
                if publication.kind in kinds and publication.source not in screens:
                    yield key, (kinds[publication.kind], identity)
            if identity in self._written and person.attributes.get(REDACTED) != "true":
                yield WORDS + identity, (TrackKind.TEXT, identity)

    def _refuse(self, publication: Package) -> None:
        if publication.track is not None:
            self._leaving.add(publication.sid)
        publication.set_subscribed(False)

    def _subscribed(self, track: Package, publication: Package) -> None:
        key = publication.sid
        self._tracks[key] = track
        wanted = self._wanted.get(key)
        if wanted is None:
            self._counts["unasked"] += 1
            self._refuse(publication)
            task = asyncio.get_running_loop().create_task(self.silent(key))
            self._refusing.add(task)
            task.add_done_callback(self._refusing.discard)
        elif not wanted.given.done() or wanted.given.result() is not track:
            wanted.give(track)

    def _unsubscribed(self, _: object, publication: Package) -> None:
        if publication.sid in self._leaving:
            self._leaving.discard(publication.sid)
        else:
            self._end(publication.sid)

    def _failed(self, _: object, key: str) -> None:
        self._end(key)

    def _end(self, key: str) -> None:
        wanted = self._wanted.get(key)
        self._tracks.pop(key, None)
        self._leaving.discard(key)
        if wanted is not None:
            wanted.end()

    def _disconnected(self, reason: int) -> None:
        names = {number: name for name, number in self._sdk.DisconnectReason.items()}
        self._over(names.get(reason, "UNKNOWN_REASON"))

    def _over(self, reason: str) -> None:
        if not self.gone:
            self.reason = reason
            self.over.set()
            for key in {*self._wanted, *self._tracks}:
                self._end(key)
            self._changed()


async def received(track: Package) -> int:
    """How many packets of a track have come so far; 0 where nothing is known of it any more."""
    asking = asyncio.ensure_future(track.get_stats())
    await asyncio.wait((asking,))
    if asking.exception() is not None:
        return 0  # the package raises nothing more exact for a track that is gone
    return sum(one.inbound_rtp.received.packets_received for one in asking.result() if one.HasField("inbound_rtp"))
