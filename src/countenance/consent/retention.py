"""How long things may be kept, as duties name it: readings, the log, and what law says of the end of a purpose."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from countenance.contracts.trust import Duties

LEAST_LOG_DAYS = 183
"""Six months, AI Act 19(1) and 26(6)."""
LEAST_CONSENT_DAYS = 184
PURPOSE_END = re.compile(r"destroy_on_purpose_end_max_(\d+)d")
AFTER_PURPOSE = re.compile(r"destroy_max_(\d+)d")
LOG = re.compile(r"[a-z0-9_]*logs?_(\d+)d")


@dataclass(frozen=True, slots=True)
class Limits:
    """The shortest of everything that all duties together say."""

    days: int
    """Whole days after the reading, the minimum over all rules; the end of the purpose ends it at once."""
    contact_days: int | None = None
    """Whole days after the last contact; with it, also at once when the purpose has been met."""
    purpose_days: int | None = None
    """Whole days after the purpose has ended."""
    log_days: int = LEAST_LOG_DAYS
    """How long the log is kept, the maximum over all rules."""


def limits(duties: Iterable[Duties], log_days: int = LEAST_LOG_DAYS) -> Limits:
    """All that these duties ask of keeping; without any duty nothing may be kept."""
    known = tuple(duties)
    names = tuple(name for one in known for name in one.names)
    contact, purpose = _days(PURPOSE_END, names), _days(AFTER_PURPOSE, names)
    # Last contact and end of purpose are never before the reading: what counts from them may count from it.
    days = [one.retention_days for one in known]
    return Limits(
        days=min((*days, *contact, *purpose)) if days else 0,
        contact_days=min(contact, default=None),
        purpose_days=min(purpose, default=None),
        log_days=max((log_days, LEAST_LOG_DAYS, *_days(LOG, names))),
    )


def consent_days(log_days: int) -> int:
    """How long answers are kept after the last one of a person, when none is a yes that stands.

    As long as the log, so that each can be proven, and never less than the six months in which nobody is asked again.
    """
    return max(log_days, LEAST_CONSENT_DAYS)


def _days(pattern: re.Pattern[str], names: Iterable[str]) -> list[int]:
    # What is only recommended yet (`recommended:...`) does not bind, except that logs are kept for as long already.
    plain = (name.removeprefix("recommended:") if pattern is LOG else name for name in names)
    return [int(match[1]) for match in map(pattern.fullmatch, plain) if match]
