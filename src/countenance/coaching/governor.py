"""The prompt governor: few prompts, at the right moment, or none. A state machine on integer media time.

It knows nothing of why a rule speaks. What it lets through counts against its limits whether it is shown or held back
for comparison: the two arms live under the same rules.
"""

import hashlib
from collections import deque
from dataclasses import dataclass, field

from pydantic import Field

from countenance.coaching.prompts import Arm, Withheld
from countenance.contracts.media import SECOND_US
from countenance.inference.tables import Table

HOUR_US = 3600 * SECOND_US


class Limits(Table):
    """How much a coach is asked to bear."""

    cooldown_s: int = Field(default=30, ge=0, le=3600)
    """Between any two prompts."""
    rule_cooldown_s: int = Field(default=60, ge=0, le=3600)
    """Between two prompts of one rule, where the rule does not say more."""
    per_hour: int = Field(default=6, ge=0, le=60)
    """In any hour of the call."""
    expires_s: int = Field(default=20, ge=5, le=120)
    holdout_percent: int = Field(default=10, ge=0, le=50)
    """Computed and logged, not shown: how it goes without."""
    acted_within_s: int = Field(default=60, ge=5, le=600)


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Offer:
    """A rule that would speak now."""

    rule_id: str
    urgent: bool = False
    cooldown_s: int | None = None
    """Of the rule; it can only lengthen what the limits say."""


def draw_of(seed: str, rule_id: str, at_us: int) -> float:
    """A number in 0..1 out of a seed: the same call gives the same arms, and nobody can foresee them without it."""
    digest = hashlib.sha256(f"{seed}\0{rule_id}\0{at_us}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@dataclass(slots=True)
class Governor:
    """Says of each offer whether it may be made now, and remembers what was made."""

    seed: str
    limits: Limits = USUAL
    snoozed: set[str] = field(default_factory=set)
    """Rules that are silent for the rest of this call."""
    disabled: set[str] = field(default_factory=set)
    _given_us: deque[int] = field(default_factory=deque)
    _last_us: dict[str, int] = field(default_factory=dict)
    _live_until_us: int | None = None

    def budget_left(self, at_us: int) -> int:
        """How many prompts this hour of the call may still bring."""
        self._forget(at_us)
        return max(0, self.limits.per_hour - len(self._given_us))

    def ask(self, offer: Offer, at_us: int, *, speaking: bool | None, quiet: bool = False) -> Arm | Withheld:
        """Make the offer if it may be made now; what is withheld changes nothing."""
        why = self._why_not(offer, at_us, speaking=speaking, quiet=quiet)
        if why is not None:
            return why
        self._given_us.append(at_us)
        self._last_us[offer.rule_id] = at_us
        self._live_until_us = at_us + self.limits.expires_s * SECOND_US
        # What is urgent is never held back to measure something.
        held = not offer.urgent and draw_of(self.seed, offer.rule_id, at_us) * 100 < self.limits.holdout_percent
        return Arm.HOLDOUT if held else Arm.SHOWN

    def answered(self) -> None:
        """The prompt that was live is live no more."""
        self._live_until_us = None

    def _why_not(self, offer: Offer, at_us: int, *, speaking: bool | None, quiet: bool) -> Withheld | None:
        if offer.rule_id in self.disabled:
            return Withheld.DISABLED
        if offer.rule_id in self.snoozed:
            return Withheld.SNOOZED
        if quiet:
            return Withheld.QUIET_HOURS
        if self._live_until_us is not None and at_us < self._live_until_us:
            return Withheld.LIVE
        if self.budget_left(at_us) == 0:
            return Withheld.BUDGET
        if self._given_us and at_us < self._given_us[-1] + self.limits.cooldown_s * SECOND_US:
            return Withheld.COOLDOWN
        own_s = max(self.limits.rule_cooldown_s, offer.cooldown_s or 0)
        last_us = self._last_us.get(offer.rule_id)
        if last_us is not None and at_us < last_us + own_s * SECOND_US:
            return Withheld.RULE_COOLDOWN
        # Where nobody knows whether the coach speaks, the prompt is given and says so.
        return Withheld.SPEAKING if speaking and not offer.urgent else None

    def _forget(self, at_us: int) -> None:
        while self._given_us and self._given_us[0] <= at_us - HOUR_US:
            self._given_us.popleft()
