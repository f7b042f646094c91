"""What a call does to a voice: codecs, the telephone band, noise. Each takes and gives 16 kHz mono in -1..1."""

import io
from collections.abc import Callable
from functools import partial

import av
import numpy as np
from scipy.signal import butter, resample_poly, sosfilt

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.logmel import Floats

Line = Callable[[Floats, np.random.Generator], Floats]

_MU = 255.0


def opus(wave: Floats, rng: np.random.Generator, bits: int) -> Floats:  # noqa: ARG001 - one of several lines
    """Through the Opus codec at so many bits per second."""
    kept = io.BytesIO()
    try:
        with av.open(kept, "w", format="ogg") as container:
            stream = container.add_stream("libopus", rate=SAMPLE_RATE)
            stream.layout, stream.bit_rate = "mono", bits
            pcm = np.clip(wave * 32767, -32768, 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux([*stream.encode(frame), *stream.encode(None)])
    except av.error.FFmpegError as error:
        raise DatasetError(f"no Opus encoder here ({error})", "Use a build of PyAV with libopus.") from error
    kept.seek(0)
    return _decoded(kept)[: len(wave)]


def _decoded(file: io.BytesIO) -> Floats:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(file, "r") as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    parts += [part for part in resampler.resample(None) if part is not None]
    return np.concatenate([part.to_ndarray().reshape(-1) for part in parts]).astype(np.float32)


def telephone(wave: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - one of several lines
    """300 to 3,400 Hz at 8 kHz, in the 8 bits of the mu-law (ITU-T G.711)."""
    band = sosfilt(butter(4, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos"), wave)
    narrow = np.clip(resample_poly(band, 1, 2), -1, 1)
    law = np.sign(narrow) * np.log1p(_MU * np.abs(narrow)) / np.log1p(_MU)
    kept = np.round(law * 127) / 127
    wide = np.sign(kept) * np.expm1(np.abs(kept) * np.log1p(_MU)) / _MU
    return np.asarray(resample_poly(wide, 2, 1)[: len(wave)], np.float32)


def noisy(wave: Floats, rng: np.random.Generator, db: float) -> Floats:
    """Pink noise so far below the mean level of the clip."""
    spectrum = np.fft.rfft(rng.standard_normal(len(wave)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    noise = np.fft.irfft(spectrum, len(wave))
    noise *= np.sqrt((wave.astype(np.float64) ** 2).mean() / (noise**2).mean()) * 10 ** (-db / 20)
    return np.asarray(wave + noise, np.float32)


LINES: dict[str, Line] = {
    "opus_24k": partial(opus, bits=24_000),
    "opus_12k": partial(opus, bits=12_000),
    "telephone": telephone,
    "noise_10db": partial(noisy, db=10.0),
}
MEANINGS = {
    "opus_24k": "through Opus at 24 kbit/s",
    "opus_12k": "through Opus at 12 kbit/s",
    "telephone": "through a telephone: 300 to 3,400 Hz, 8 kHz, mu-law",
    "noise_10db": "with pink noise 10 dB below the voice",
}
