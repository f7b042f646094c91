"""Clips of voices through the voice encoder: a speaker's clips one after the other, as in a call."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import av
import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, Quality, SpeakerBaseline, VoiceSample
from countenance.contracts.readings import Observation, Reason
from countenance.contracts.stages import Encoder
from countenance.inference.hearing import learnt, measured
from countenance.inference.logmel import log_mel, speech_frames, unheard
from countenance.training.datasets.store import Row
from countenance.training.scoring.said import Said, cluster_of

LOOK, STEP = 3 * SAMPLE_RATE, SAMPLE_RATE
"""Samples that the net hears at once, and between two looks at a longer clip."""

Floats = NDArray[np.float32]


def read_voices(rows: Sequence[Row], encoder: Encoder, seed: int = 0) -> list[Said]:
    """One answer per row: the mean over its looks; each speaker's clips are heard in a seeded order."""
    said = [Said(abstained=Reason.SILENCE.value)] * len(rows)
    by_speaker: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        by_speaker.setdefault(cluster_of(row), []).append(at)
    for speaker, own in by_speaker.items():
        baseline = unheard()
        for at in np.random.default_rng([_number(speaker), seed]).permutation(own):
            pcm = decoded(rows[at])
            baseline = learnt(baseline, measured(pcm))
            said[at] = replace(_mean(encoder.encode(looks(pcm, baseline))), plain=_plain(pcm))
    return said


def looks(pcm: Floats, baseline: SpeakerBaseline) -> list[VoiceSample]:
    """Stretches of 3 s, a second apart; a short clip is one."""
    starts = range(0, max(1, len(pcm) - LOOK + STEP), STEP)
    parts = [pcm[start : start + LOOK] for start in starts]
    return [VoiceSample("p_1", 0, SECOND_US, part, ((0, len(part)),), baseline, Quality(1.0)) for part in parts]


def decoded(row: Row) -> Floats:
    """The sound of a row, 16 kHz mono, -1..1."""
    path = row.audio_path or row.face_path
    if path is None:
        raise DatasetError(f"{row.source} has no sound", "Choose a corpus of voices, or unpack its recordings.")
    pcm = _decode(path)
    first = 0 if row.start_us is None else row.start_us * SAMPLE_RATE // SECOND_US
    last = len(pcm) if row.end_us is None else row.end_us * SAMPLE_RATE // SECOND_US
    return pcm[first:last]


def _plain(pcm: Floats) -> Floats | None:
    """Mean and spread of each mel band over speech: what anybody could measure of a voice without a net."""
    frames = log_mel(pcm)
    spoken = frames[speech_frames(frames)]
    return np.concatenate([spoken.mean(axis=0), spoken.std(axis=0)]) if len(spoken) else None


def _decode(path: Path) -> Floats:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    try:
        with av.open(str(path)) as container:
            frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
            frames += resampler.resample(None)
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise DatasetError(f"{path} holds no sound that can be read ({error})", "Take the file again.") from error
    pieces = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(pieces).astype(np.float32) if pieces else np.zeros(0, np.float32)


def _mean(answers: Sequence[Observation]) -> Said:
    told = [one for one in answers if one.abstain is None]
    if not told:
        first = answers[0].abstain
        return Said(abstained=(first.reason if first else Reason.SILENCE).value)
    shares = {name: float(np.mean([one.scores[name] for one in told])) for name in told[0].scores}
    inner = [one.embedding for one in told if one.embedding is not None]
    return Said(
        shares=shares,
        dimensions={name: float(np.mean([one.dimensions[name] for one in told])) for name in told[0].dimensions},
        embedding=np.mean(inner, axis=0) if len(inner) == len(told) else None,
    )


def _number(speaker: str) -> int:
    return int(speaker) if speaker.isdecimal() else crc32(speaker.encode())
