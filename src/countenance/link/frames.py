"""Frames on a stream: four bytes of length, then JSON; what is too long or no message closes the line."""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

from countenance.contracts.errors import LinkError

LENGTH = struct.Struct(">I")
LONGEST = 16 * 1024 * 1024
"""Bytes of one frame; the readings of a thousand people in a second are a tenth of it."""

Frame = Mapping[str, Any]


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame, or None when the other end is gone; raises LinkError on anything that is no frame."""
    try:
        (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if size > LONGEST:
            raise LinkError(
                f"a frame of {size} bytes, of {LONGEST} that are allowed", "Both ends must be of one version."
            )
        raw = await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise LinkError(f"a frame is no JSON ({error})", "Both ends must be of one version.") from error
    if not isinstance(value, dict):
        raise LinkError("a frame is no JSON object", "Both ends must be of one version.")
    return value


def frame(value: Frame) -> bytes:
    """A value as bytes for the stream."""
    raw = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if len(raw) > LONGEST:
        raise LinkError(f"a frame of {len(raw)} bytes, of {LONGEST} that are allowed", "Send less at once.")
    return LENGTH.pack(len(raw)) + raw
