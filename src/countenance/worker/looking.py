"""A look at a call without reading anybody: who publishes what, what law and consent say, what would be decoded."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from countenance.contracts.call import MODALITY_OF, Participant, Track, TrackKind
from countenance.contracts.media import Reached
from countenance.contracts.readings import Reason
from countenance.permission import Permissions
from countenance.worker.call import LiveConnector


@dataclass(frozen=True, slots=True)
class Sight:
    """One track of one participant, or one that they might publish."""

    participant: Participant
    kind: TrackKind
    track_id: str | None
    """None: nothing of the kind is published now."""
    law: str
    """What decides: `allowed`, or what refuses."""
    consent: str
    """`given`, `withdrawn`, ..., or `not given`."""
    decoded: bool
    """Whether it would be decoded."""
    reason: str
    """Why not; empty when it would."""

    def plain(self) -> Mapping[str, Any]:
        """As JSON has it."""
        person = self.participant
        return {
            "participant_id": person.id,
            "name": person.name,
            "role": person.role.value,
            "modality": MODALITY_OF[self.kind],
            "track": self.track_id,
            "law": self.law,
            "consent": self.consent,
            "would_be_decoded": self.decoded,
            "reason": self.reason,
        }


async def tracks_of(connector: LiveConnector, permissions: Permissions, seconds: float) -> tuple[Track, ...]:
    """Enter a call, subscribe to nothing, and say what is published there after a while."""
    async with connector.join(permissions.call) as tap:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for item in tap.media():
                    assert isinstance(item, Reached), "media of what was not subscribed"
        return tap.tracks()


def sights(permissions: Permissions, tracks: Sequence[Track]) -> list[Sight]:
    """Every participant and kind of track, with the tracks there are."""
    found = []
    for person in permissions.call.participants:
        for kind in TrackKind:
            published: list[str | None] = [
                track.id for track in tracks if (track.participant_id, track.kind) == (person.id, kind)
            ]
            found += [_sight(permissions, person, kind, track_id) for track_id in published or [None]]
    return found


def _sight(permissions: Permissions, person: Participant, kind: TrackKind, track_id: str | None) -> Sight:
    modality = MODALITY_OF[kind]
    consent = permissions.register.current(person.id, modality, 0)
    given = "not given" if consent is None else consent.status.value
    barred = permissions.barred(person.id, modality, 0)
    law = f"refused: {barred.detail}" if barred is not None and barred.reason is Reason.POLICY else "allowed"
    if barred is not None:
        reason = "law" if barred.reason is Reason.POLICY else f"consent: {barred.detail}"
    else:
        reason = "" if track_id is not None else "not published"
    return Sight(person, kind, track_id, law, given, not reason, reason)
