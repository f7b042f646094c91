"""Quality, vocal tract and balance of a voice every 20 ms, after the extended Geneva minimal set (Eyben et al. 2016).

All of it comes from the power spectrum that the pitch is read from (40 ms windows, bins of 12.5 Hz).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.logmel import Floats
from countenance.inference.pitch import WINDOW

Array = NDArray[np.floating]

QUALITY = ("harmonics_to_noise", "harmonics_low", "harmonics_high", "first_to_second", "first_to_third_formant")
TRACT = ("f1", "f2", "f3", "f1_sharpness")
BALANCE = ("alpha_ratio", "hammarberg", "slope_low", "slope_middle")
TONE = (*QUALITY, *TRACT, *BALANCE)
"""The columns of `tone_of`; what needs harmonics or formants means something only where there is pitch."""

_FFT = 2 * WINDOW
_BIN_HZ = SAMPLE_RATE / _FFT
_EDGES_HZ = (50, 250, 500, 1000, 1500, 5000)
_HARMONICS = 36  # the lowest voice still has one within F3
_LOW_HZ, _HIGH_HZ = 1500.0, 4000.0
_THIRD_HZ = (2200.0, 3500.0)
_TRACT_BINS = 400  # up to 5 kHz
_ORDER = 11  # of the prediction: five resonances and a slope
_HIGHEST_HZ = 5000.0
_PLACES = 128  # of the envelope, up to there
_AT_ONCE = 25  # windows in one matrix product: more, and the algebra library wakes its threads
_FORMANTS_HZ = (200.0, 4200.0)  # an envelope's peaks outside are none
_USUAL_HZ = (500.0, 1500.0, 2500.0)  # where a peak is missing
_FLOOR = 1e-7


def tone_of(power: Floats, pitch: Floats, periodic: Floats) -> Floats:
    """One row per window of a pitch track, from the power of the windows (n, 641); (n, 13)."""
    out = np.zeros((len(pitch), len(TONE)), np.float32)
    if len(pitch):
        out[:, -len(BALANCE) :] = _balance(power)
    voiced = np.flatnonzero(pitch > 0)
    if len(voiced):
        own = power[voiced]
        out[voiced, : len(QUALITY)] = _quality(own, pitch[voiced], periodic[voiced])
        out[voiced, len(QUALITY) : -len(BALANCE)] = _tract(own)
    return out


def _quality(power: Floats, pitch: Floats, periodic: Floats) -> Array:
    """Log ratios: harmonics to noise by the autocorrelation, to the valleys between them, and to one another (n, 5)."""
    alike = np.clip(periodic, 0.05, 0.99)
    halves = np.arange(2, 2 * _HARMONICS + 2) / 2  # every harmonic, and the valley above it
    logs = np.log(_at(power, pitch[:, None] * halves) + _FLOOR)
    tops, valleys = logs[:, ::2], logs[:, 1::2]
    hertz, over = pitch[:, None] * halves[::2], tops - valleys
    low, high = hertz < _LOW_HZ, (hertz >= _LOW_HZ) & (hertz < _HIGH_HZ)
    third = np.where((hertz > _THIRD_HZ[0]) & (hertz < _THIRD_HZ[1]), tops, -np.inf).max(axis=1)
    return np.stack(
        [
            np.log(alike / (1 - alike)),
            (over * low).sum(axis=1) / low.sum(axis=1),
            (over * high).sum(axis=1) / np.maximum(high.sum(axis=1), 1),
            tops[:, 0] - tops[:, 1],
            tops[:, 0] - third,
        ],
        axis=1,
    )


def _at(power: Floats, hertz: Array) -> Floats:
    """Power at these places, the larger of the two bins beside them."""
    pairs = np.maximum(power[:, :-1], power[:, 1:])
    places = np.minimum((hertz / _BIN_HZ).astype(np.intp), pairs.shape[1] - 1)
    places += np.arange(len(pairs))[:, None] * pairs.shape[1]
    return np.asarray(pairs.ravel()[places])


def _balance(power: Floats) -> Array:
    """Alpha ratio, Hammarberg index, slopes below 500 Hz and from 500 to 1,500 Hz, as log ratios of power (n, 4)."""
    edges = [round(hertz / _BIN_HZ) for hertz in _EDGES_HZ]
    parts = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1) + _FLOOR
    logs = np.log(parts)
    below, above = parts[:, :3].sum(axis=1), parts[:, 3:].sum(axis=1)
    peaks = power[:, : round(2000 / _BIN_HZ)].max(axis=1), power[:, round(2000 / _BIN_HZ) : edges[-1]].max(axis=1)
    index = np.log((peaks[0] + _FLOOR) / (peaks[1] + _FLOOR))
    return np.stack([np.log(above / below), index, logs[:, 1] - logs[:, 0], logs[:, 3] - logs[:, 2]], axis=1)


def _tract(power: Floats) -> Array:
    """First three peaks of the envelope by linear prediction, octaves above 1 kHz, and how high F1 stands out."""
    waves = _tract_waves()
    raw = np.concatenate([power[at : at + _AT_ONCE, :_TRACT_BINS] @ waves for at in range(0, len(power), _AT_ONCE)]).T
    raw /= np.maximum(raw[0], 1e-12)
    raw[0] += 1e-3
    turned = _prediction(raw).T.astype(np.float32) @ _answer_waves()
    real, imaginary = turned[:, : _PLACES + 1], turned[:, _PLACES + 1 :]
    envelope = -np.log(real * real + imaginary * imaginary + np.float32(1e-9))
    first, last = _inside()
    here, before, after = (envelope[:, first + by : last + by] for by in (0, -1, 1))
    windows, places = np.nonzero((here > before) & (here >= after))
    top, lower, upper = here[windows, places], before[windows, places], after[windows, places]
    shift = (0.5 * (lower - upper) / np.minimum(lower - 2 * top + upper, -1e-9)).clip(-0.5, 0.5)
    starts = np.searchsorted(windows, np.arange(len(power)))
    rank = np.arange(len(windows)) - starts[windows]
    found = np.tile(np.array(_USUAL_HZ), (len(power), 1))
    kept = rank < len(_USUAL_HZ)
    found[windows[kept], rank[kept]] = (places + shift + first)[kept] * (_HIGHEST_HZ / _PLACES)
    sharp = np.zeros(len(power))
    sharp[windows[rank == 0]] = top[rank == 0]
    return np.concatenate([np.log2(found / 1000.0), (sharp - envelope[:, 1:-1].mean(axis=1))[:, None]], axis=1)


def _prediction(raw: Array) -> Array:
    """Levinson and Durbin: what predicts each window from its autocorrelation (order + 1, n)."""
    given = np.zeros((_ORDER + 1, raw.shape[1]))
    given[0] = 1.0
    left = raw[0].astype(np.float64)
    for order in range(1, _ORDER + 1):
        turn = np.einsum("kn,kn->n", given[:order], raw[order:0:-1]) / -left
        given[1 : order + 1] += turn * given[order - 1 :: -1][:order]
        left *= 1 - turn * turn
    return given


@cache
def _tract_waves() -> Floats:
    """From the bins to the lags of an autocorrelation at 10 kHz, high sounds lifted by 6 dB an octave."""
    turns = np.arange(_TRACT_BINS) / _TRACT_BINS * np.pi
    lifted = 1.0 - 0.97 * np.cos(turns)
    return np.asarray(lifted[:, None] * np.cos(np.outer(turns, np.arange(_ORDER + 1))), np.float32)


@cache
def _answer_waves() -> Floats:
    """From coefficients to the real, then the imaginary parts of their answer at every place of the envelope."""
    turns = np.outer(np.arange(_ORDER + 1), np.arange(_PLACES + 1)) * (np.pi / _PLACES)
    return np.concatenate([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


@cache
def _inside() -> tuple[int, int]:
    """Places of the envelope at which a peak may be a formant, half open."""
    hertz = np.arange(_PLACES + 1) * (_HIGHEST_HZ / _PLACES)
    within = np.flatnonzero((hertz > _FORMANTS_HZ[0]) & (hertz < _FORMANTS_HZ[1]))
    return int(within[0]), int(within[-1]) + 1
