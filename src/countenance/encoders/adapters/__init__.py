"""Encoders around somebody else's weights, one per kind of adapter card."""

from collections.abc import Callable, Iterator, Mapping

from countenance.contracts.stages import Encoder
from countenance.encoders.adapters.faces import AdaptedFaceEncoder
from countenance.encoders.adapters.texts import AdaptedTextEncoder
from countenance.encoders.adapters.voices import AdaptedVoiceEncoder
from countenance.inference.adapter import Adapter
from countenance.inference.shelf import Shelf

KINDS: Mapping[str, Callable[[Adapter], Encoder]] = {
    "face": AdaptedFaceEncoder,
    "voice": AdaptedVoiceEncoder,
    "text": AdaptedTextEncoder,
}


def adapted(shelf: Shelf) -> Iterator[Encoder]:
    """An encoder for every adapter of a shelf that reads samples."""
    for _, adapter in sorted(shelf.adapters.items()):
        if adapter.spec.kind in KINDS:
            yield KINDS[adapter.spec.kind](adapter)
