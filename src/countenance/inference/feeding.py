"""Samples to the inputs an adapter card asks for. The trial before the first load feeds through the same functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Encoding, Tokenizer

from countenance.contracts.media import FACE_CROP_PX
from countenance.inference.adaptercard import FaceInput, FinderInput, TextInput, VoiceInput

Floats = NDArray[np.float32]
Feed = Mapping[str, NDArray[Any]]

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_QUIET = 1e-7
"""Added to a variance, as wav2vec2's feature extractor does, so that silence stays silent."""


def face_feed(crop: NDArray[np.uint8], asked: FaceInput) -> Feed:
    """One aligned crop (112 x 112 x 3, RGB) as a batch of one."""
    inside = slice(asked.margin, FACE_CROP_PX - asked.margin)
    square = Image.fromarray(np.ascontiguousarray(crop[inside, inside]))
    seen = np.asarray(square.resize((asked.size, asked.size), Image.Resampling.BILINEAR), dtype=np.float32)
    if asked.colour == "grey":
        seen = (seen @ _LUMA)[..., None]
    elif asked.colour == "bgr":
        seen = seen[..., ::-1]
    mean, std = np.array(asked.mean, np.float32), np.array(asked.std, np.float32)
    scaled = (seen / np.float32(asked.divide) - mean) / std
    placed = scaled.transpose(2, 0, 1) if asked.layout == "nchw" else scaled
    return {asked.input: np.ascontiguousarray(placed[None], dtype=np.float32)}


def voice_feed(pcm: Floats, asked: VoiceInput) -> Feed:
    """The end of one clip (samples in -1..1, 16 kHz) as a batch of one."""
    heard = pcm[-asked.samples :]
    if asked.normalise == "clip" and len(heard):
        heard = (heard - heard.mean()) / np.sqrt(heard.var() + np.float32(_QUIET))
    if asked.exact and len(heard) < asked.samples:
        heard = np.pad(heard, (asked.samples - len(heard), 0))
    return {asked.input: np.ascontiguousarray(heard[None], dtype=np.float32)}


def text_feed(encoding: Encoding, asked: TextInput) -> Feed:
    """One encoded utterance as a batch of one."""
    fed = {asked.ids: np.array([encoding.ids], dtype=np.int64)}
    if asked.mask is not None:
        fed[asked.mask] = np.array([encoding.attention_mask], dtype=np.int64)
    if asked.types is not None:
        fed[asked.types] = np.zeros((1, len(encoding.ids)), dtype=np.int64)
    return fed


def finder_feed(rgb: NDArray[np.uint8], asked: FinderInput) -> Feed:
    """One letterboxed frame (height x width x 3, RGB) as YuNet takes it: BGR, 0..255."""
    return {asked.input: np.ascontiguousarray(rgb[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32)}


def read_tokenizer(folder: Path, asked: TextInput) -> Tokenizer:
    """The tokenizer of a card, cut to its longest utterance and without padding."""
    tokenizer = Tokenizer.from_file(str(folder / asked.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(asked.longest)
    return tokenizer


def trial_feeds(folder: Path, asked: FaceInput | VoiceInput | TextInput | FinderInput) -> Sequence[Feed]:
    """Made-up samples of two sizes where sizes vary, to try a network on."""
    noise = np.random.default_rng(0)
    if isinstance(asked, FaceInput):
        shape = (FACE_CROP_PX, FACE_CROP_PX, 3)
        return [face_feed(noise.integers(0, 256, shape).astype(np.uint8), asked)]
    if isinstance(asked, FinderInput):
        shape = (asked.height, asked.width, 3)
        return [finder_feed(noise.integers(0, 256, shape).astype(np.uint8), asked)]
    if isinstance(asked, VoiceInput):
        clips = [noise.normal(0, 0.1, count).astype(np.float32) for count in (asked.samples, asked.samples // 2)]
        return [voice_feed(clip, asked) for clip in clips]
    tokenizer = read_tokenizer(folder, asked)
    return [text_feed(tokenizer.encode(text), asked) for text in ("I see.", "I do not follow, say it again. " * 200)]
