"""RAVDESS clips as a call would carry them, heard by the net of the fold that never heard their actor.

The clips of an actor lie one after the other in one recording, as `voice_emotion.replay` lays them; the product's own
capture cuts it. A clip's second is the last one in which its speech ends. Packets of 20 ms are lost in bursts and
concealed by silence or by repeating the last one; noise is pink, at the level of the clip's speech.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import VOICE
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, VoiceSample
from countenance.contracts.readings import Abstain, Reason
from countenance.contracts.stages import Encoder
from countenance.encoders.voice import FOLDED
from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.fusion.parts import CLEAN, CONDITIONS, Item, said
from countenance.training.voice_emotion.replay import as_call, samples_of

PACKET = SAMPLE_RATE // 50
LOSS, BURST = 0.3, 3.0
"""Share of packets lost, and the mean length of a burst in packets."""
NAMED = {"happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear", "surprised": "surprise"}

Sound = NDArray[np.int16]
Places = Sequence[tuple[int, int]]


def label_of(clip: Clip) -> str:
    """The clip's class as one of EMOTIONS."""
    name = NAMED.get(LABELS[clip.label], LABELS[clip.label])
    return FOLDED.get(name, name)


def read(clips: Sequence[Clip], encoders: Mapping[int, Encoder]) -> Iterator[list[Item]]:
    """Per clip one item for each condition, in the order of CONDITIONS; `encoders` by actor."""
    for actor in sorted({clip.actor for clip in clips}):
        own = [clip for clip in clips if clip.actor == actor]
        order = [own[at] for at in np.random.default_rng([actor, 0]).permutation(len(own))]
        recording, places = as_call(order, actor)
        heard = []
        for number, condition in enumerate(CONDITIONS[VOICE]):
            disturbed = DISTORTIONS[condition](recording, places, np.random.default_rng([actor, number]))
            whole = [one for one in samples_of(disturbed) if not one.glance]
            heard.append(_items(order, places, whole, encoders[actor]))
        yield from (list(row) for row in zip(*heard, strict=True))


def _items(clips: Sequence[Clip], places: Places, samples: Sequence[VoiceSample], encoder: Encoder) -> list[Item]:
    ends = np.array([one.end_us * SAMPLE_RATE // SECOND_US for one in samples])
    items = []
    for clip, (start, end) in zip(clips, places, strict=True):
        inside = np.flatnonzero((ends > start) & (ends <= end + SAMPLE_RATE // 2))
        seen, missing = said(encoder, [samples[at] for at in inside[-1:]], ())
        silent = missing and (missing if len(inside) else Abstain(Reason.SILENCE))
        items.append(Item(clip.path.stem, label_of(clip), f"actor{clip.actor:02d}", seen, silent))
    return items


def _clean(recording: Sound, places: Places, random: np.random.Generator) -> Sound:  # noqa: ARG001 - one of three
    return recording


def _lossy(recording: Sound, places: Places, random: np.random.Generator) -> Sound:  # noqa: ARG001 - one of three
    """Lose packets as a two-state chain does; one recording in two repeats the last packet, fading."""
    packets = recording[: len(recording) // PACKET * PACKET].reshape(-1, PACKET).astype(np.float32)
    recover = 1 / BURST
    fail = recover * LOSS / (1 - LOSS)
    repeats, lost, gap = bool(random.integers(2)), False, 0
    out = packets.copy()
    for at, draw in enumerate(random.random(len(packets))):
        lost = draw >= recover if lost else draw < fail
        gap = gap + 1 if lost else 0
        if lost:
            out[at] = out[at - 1] * 0.7 if repeats and at and gap <= 3 else 0.0
    return out.reshape(-1).astype(np.int16)


def _noisy(recording: Sound, places: Places, random: np.random.Generator) -> Sound:
    """Pink noise over the whole recording, at the mean level of the actor's clips: 0 dB."""
    speech = np.concatenate([recording[start:end] for start, end in places]).astype(np.float64)
    spectrum = np.fft.rfft(random.normal(size=len(recording)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    noise = np.fft.irfft(spectrum, len(recording))
    noise *= np.sqrt((speech**2).mean() / (noise**2).mean())
    return np.clip(recording + noise, -32768, 32767).astype(np.int16)


DISTORTIONS: dict[str, Callable[[Sound, Places, np.random.Generator], Sound]] = {
    CLEAN: _clean,
    "packet_loss": _lossy,
    "noise": _noisy,
}
