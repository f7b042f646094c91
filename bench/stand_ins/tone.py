"""Quality, vocal tract and balance of a voice every 20 ms, after the extended Geneva minimal set (Eyben et al. 2016).

All of it comes from the power spectrum that the pitch is read from (40 ms windows, bins of 12.5 Hz).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.logmel import Floats
from countenance.inference.pitch import HOP, WINDOW

Array = NDArray[np.floating]

QUALITY = ("harmonics_to_noise", "harmonics_low", "harmonics_high", "first_to_second", "first_to_third_formant")
TRACT = ("f1", "f2", "f3", "f1_sharpness")
BALANCE = ("alpha_ratio", "hammarberg", "slope_low", "slope_middle")
TONE = (*QUALITY, *TRACT, *BALANCE)
"""The columns of `tone`; what needs harmonics or formants means something only where there is pitch."""

_FFT = 2 * WINDOW
_BIN_HZ = SAMPLE_RATE / _FFT
_EDGES_HZ = (50, 250, 500, 1000, 1500, 5000)
_HARMONICS = 36  # the lowest voice still has one within F3
_LOW_HZ, _HIGH_HZ = 1500.0, 4000.0
_THIRD_HZ = (2200.0, 3500.0)
_TRACT_BINS = 400  # up to 5 kHz
_ORDER = 11  # of the prediction: five resonances and a slope
_PLACES = 128  # of the envelope, up to 5 kHz
_FORMANTS_HZ = (200.0, 4200.0)  # an envelope's peaks outside are none
_USUAL_HZ = (500.0, 1500.0, 2500.0)  # where a peak is missing
_FLOOR = 1e-7


def tone(pcm: Floats, pitch: Floats, periodic: Floats) -> Floats:
    """One row per step of the pitch track of these samples (n, 13)."""
    if not len(pitch):
        return np.zeros((0, len(TONE)), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[::HOP][: len(pitch)]
    spectrum = np.fft.rfft((windows - windows.mean(axis=1, keepdims=True)) * _hann(), _FFT)
    power = np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
    out = np.zeros((len(pitch), len(TONE)), np.float32)
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
    steps = np.arange(1, _HARMONICS + 1)
    hertz = pitch[:, None] * steps
    tops = np.log(_at(power, hertz) + _FLOOR)
    over = tops - np.log(_at(power, hertz + pitch[:, None] / 2) + _FLOOR)
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
    low = np.minimum((hertz / _BIN_HZ).astype(np.intp), power.shape[1] - 2)
    rows = np.arange(len(power))[:, None]
    return np.asarray(np.maximum(power[rows, low], power[rows, low + 1]))


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
    bins, waves = _tract_waves()
    raw = (power[:, :_TRACT_BINS] * bins) @ waves
    raw = raw / np.maximum(raw[:, :1], 1e-12)
    raw[:, 0] += 1e-3
    answer = np.fft.rfft(_prediction(raw), 2 * _PLACES, axis=1)
    envelope = -np.log(answer.real**2 + answer.imag**2 + 1e-9)
    here, before, after = envelope[:, 1:-1], envelope[:, :-2], envelope[:, 2:]
    hertz = np.arange(1, _PLACES) * (5000.0 / _PLACES)
    inside = (hertz > _FORMANTS_HZ[0]) & (hertz < _FORMANTS_HZ[1])
    top = (here > before) & (here >= after) & inside
    rank = np.cumsum(top, axis=1)
    bend = before - 2 * here + after
    shift = np.where(top, 0.5 * (before - after) / np.where(bend < -1e-9, bend, -1e-9), 0.0).clip(-0.5, 0.5)
    place = hertz + shift * (5000.0 / _PLACES)
    found = []
    for number, usual in enumerate(_USUAL_HZ, start=1):
        own = top & (rank == number)
        found.append(np.where(own.any(axis=1), (place * own).sum(axis=1), usual))
    sharp = (here * (top & (rank == 1))).sum(axis=1) - here.mean(axis=1)
    return np.concatenate([np.log2(np.stack(found, axis=1) / 1000.0), sharp[:, None]], axis=1)


def _prediction(raw: Array) -> Array:
    """Levinson and Durbin: what predicts each window from its autocorrelation (n, order + 1)."""
    given = np.zeros((len(raw), _ORDER + 1))
    given[:, 0] = 1.0
    left = raw[:, 0].astype(np.float64)
    for order in range(1, _ORDER + 1):
        turned = raw[:, order:0:-1]
        turn = -(given[:, :order] * turned).sum(axis=1) / left
        given[:, 1 : order + 1] += turn[:, None] * given[:, order - 1 :: -1][:, :order]
        left *= 1 - turn * turn
    return given


@cache
def _tract_waves() -> tuple[Floats, Floats]:
    """Weights of the bins (high sounds lifted by 6 dB an octave), and cosines from them to the lags at 10 kHz."""
    turns = np.arange(_TRACT_BINS) / _TRACT_BINS * np.pi
    lifted = 1.0 - 0.97 * np.cos(turns)
    return lifted.astype(np.float32), np.cos(np.outer(turns, np.arange(_ORDER + 1))).astype(np.float32)


@cache
def _hann() -> Floats:
    window: Floats = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    return window
