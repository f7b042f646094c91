"""Who is being transcribed: at most so many speakers of a call at once."""

from dataclasses import dataclass, field
from threading import Lock

from countenance.contracts.media import SECOND_US

TURN_US = 30 * SECOND_US
"""After so long, a speaker gives way to another who speaks: a fan that passes for speech must not keep the floor."""


@dataclass(slots=True)
class Floor:
    """Whoever speaks first keeps a slot until they pause; what others say meanwhile is not transcribed."""

    slots: int = 1
    _since_us: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, who: str, at_us: int) -> bool:
        """Whether this speaker has a slot now; one is given when there is room, or when another's turn was long."""
        with self._lock:
            if who not in self._since_us and len(self._since_us) >= self.slots:
                longest = min(self._since_us, key=lambda other: self._since_us[other])
                if at_us - self._since_us[longest] < TURN_US:
                    return False
                del self._since_us[longest]
            self._since_us.setdefault(who, at_us)
            return True

    def leave(self, who: str) -> None:
        """Give the slot back."""
        with self._lock:
            self._since_us.pop(who, None)
