"""The people of one call find each other: a relay of what their browsers say to set up media between themselves.

The media go from browser to browser and never through here, so nothing that happens to the media workers disturbs
them. What is relayed (SDP, candidates, whether somebody's microphone is on) is neither read nor kept.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

MOST_WAITING = 256
"""Messages that may wait for one member; whoever sends one more is sent away."""
MOST_BYTES = 32_768
"""Of one message; an SDP with its candidates is a few thousand."""


@dataclass(eq=False)
class Member:
    """Somebody's page in the meeting."""

    id: str
    """Of the participant."""
    name: str
    outbox: "asyncio.Queue[str | None]" = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    """What is to be sent to them; None: nothing more, the place was taken by another page of theirs."""

    def tell(self, message: dict[str, Any]) -> bool:
        """Queue a message; False where too many wait already."""
        if self.outbox.qsize() >= MOST_WAITING - 1:
            return False
        self.outbox.put_nowait(json.dumps(message, separators=(",", ":")))
        return True

    @property
    def shown(self) -> dict[str, str]:
        """As the others see them."""
        return {"id": self.id, "name": self.name}


class Meeting:
    """The members that are there now; one page for each participant."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}

    def __len__(self) -> int:
        return len(self._members)

    def enter(self, member: Member) -> None:
        """Come in: the newcomer hears who is there and speaks first, the others hear of the newcomer."""
        before = self._members.pop(member.id, None)
        if before is not None:
            before.outbox.put_nowait(None)
            self._tell_all({"type": "left", "id": member.id})
        member.tell({"type": "here", "people": [one.shown for one in self._members.values()]})
        self._tell_all({"type": "came", "person": member.shown})
        self._members[member.id] = member

    def leave(self, member: Member) -> None:
        """Go; nothing happens where another page has taken the place."""
        if self._members.get(member.id) is member:
            del self._members[member.id]
            self._tell_all({"type": "left", "id": member.id})

    def pass_on(self, sender: Member, text: str) -> bool:
        """Give a message to whom it is for, or to everybody; False where it is none, or too many wait for them."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(said, dict) or "data" not in said or len(text) > MOST_BYTES:
            return False
        message = {"type": "said", "from": sender.id, "data": said["data"]}
        to = said.get("to")
        if to is None:
            heard = [one.tell(message) for one in self._members.values() if one is not sender]
            return all(heard)
        found = self._members.get(to) if isinstance(to, str) else None
        # Who has just gone hears nothing any more; that is nobody's fault.
        return found is None or found.tell(message)

    def _tell_all(self, message: dict[str, Any]) -> None:
        for one in self._members.values():
            one.tell(message)


class Meetings:
    """The meetings of an installation, by tenant and call."""

    def __init__(self) -> None:
        self._by_call: dict[tuple[str, str], Meeting] = {}

    def of(self, tenant: str, call_id: str) -> Meeting:
        """The meeting of a call; made when the first comes."""
        return self._by_call.setdefault((tenant, call_id), Meeting())

    def tidy(self, tenant: str, call_id: str) -> None:
        """Forget a meeting that nobody is in."""
        if not self.of(tenant, call_id):
            del self._by_call[tenant, call_id]
