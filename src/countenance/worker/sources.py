"""From the table of a source to its connector; others add theirs as `module:attribute`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from countenance.assembly import resolve
from countenance.contracts.errors import UsageError
from countenance.inference.tables import near
from countenance.worker.call import Clock, LiveConnector
from countenance.worker.parts import Recipe

SOURCES: Mapping[str, str] = {
    "whip": "countenance.capture.whip:WhipConnector",
    "file": "countenance.capture.playing:PlayingConnector",
    "janus": "countenance.capture.janus:JanusConnector",
    "mediasoup": "countenance.capture.mediasoup:MediasoupConnector",
    "livekit": "countenance.capture.livekit:LivekitConnector",
}
SHARED = frozenset({"livekit"})
"""Sources whose server and keys each tenant has for itself: which, the recipe says, and no source."""


def load_sources() -> None:
    """Import what every source needs, as far as it is installed: a call that is taken up must not wait for it."""
    for name in SOURCES.values():
        with suppress(UsageError):
            resolve(name)


def connector_of(table: Mapping[str, object], recipe: Recipe, clock: Clock) -> LiveConnector:
    """Build the connector that a source names; raises UsageError."""
    kind = str(table.get("kind", ""))
    name = SOURCES.get(kind, kind if ":" in kind else None)
    if name is None:
        raise UsageError(f"unknown source {kind!r}", near(kind, SOURCES))
    build: Any = resolve(name)
    rest = {key: value for key, value in table.items() if key != "kind"}
    if kind in SHARED:
        rest["tenant"] = recipe.tenant
    try:
        made: LiveConnector = build.from_table(rest, fps=recipe.fps, mono_us=clock.mono_us, began_us=clock.began_us)
    except TypeError as error:
        raise UsageError(f"source {kind!r} does not fit: {error}", "See docs/taps.md for its keys.") from error
    return made
