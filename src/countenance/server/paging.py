"""Cursors: where a list goes on, opaque to whoever carries them, and read with care."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from countenance.contracts.errors import UsageError

MOST = 200
LONGEST = 512

Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many.")]
Cursor = Annotated[str | None, Query(max_length=LONGEST, description="`next` of the page before.")]

T = TypeVar("T")


def encode(*place: int | str) -> str:
    """A place in a list as one word."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> tuple[int | str, ...]:
    """The place behind a word; raises UsageError when it is none of these kinds."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _stray() from error
    fits = isinstance(place, list) and [type(one) for one in place] == list(kinds)
    if not fits or any(isinstance(one, int) and not -(2**63) <= one < 2**63 for one in place):
        raise _stray()
    return tuple(place)


def page(found: Sequence[T], limit: int, place_of: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The first of one more than were asked for, and the cursor after them; None at the end."""
    if len(found) <= limit:
        return found, None
    return found[:limit], place_of(found[limit - 1])


def _stray() -> UsageError:
    return UsageError("this cursor is not one that was given out", "Take `next` of the page before, as it is.")
