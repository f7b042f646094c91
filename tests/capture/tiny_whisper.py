"""A Whisper network that says what it is told to, whatever it hears: real files in CTranslate2's layout, made here.

Attention and feed-forward layers add nothing, so that what comes out of the decoder is the place of a token in the
sequence, and the projection says which token stands at that place.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

WIDTH, MELS, HEARS, SAYS = 16, 80, 1500, 448
STEP_S = 0.02
PROMPT = 3
"""<|startoftranscript|><|en|><|transcribe|>: the token after it is the first that is said."""
SURE = 40.0
LANGUAGES = ("<|en|>", "<|de|>")
UNUSED = "unused"
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    *LANGUAGES,
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMES = tuple(f"<|{step * STEP_S:.2f}|>" for step in range(HEARS + 1))

Weights = NDArray[np.float32]


def write_model(folder: Path, said: Sequence[tuple[float, str, float]]) -> None:
    """`said`: segments of the first thirty seconds, as start, word and end; times in steps of 0.02 s."""
    specs = pytest.importorskip("ctranslate2.specs")
    tokens = _tokenizer(folder, [word for _, word, _ in said])
    script = [token for start, word, end in said for token in (f"<|{start:.2f}|>", f"Ġ{word}", f"<|{end:.2f}|>")]
    spec = specs.WhisperSpec(1, 1, 1, 1)
    spec.config.lang_ids = [tokens[one] for one in LANGUAGES]
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.alignment_heads = [], [], [(0, 0)]
    _encoder(spec.encoder)
    _decoder(spec.decoder, tokens, [*script, "<|endoftext|>"])
    # CTranslate2 takes a network for one of many languages by a token that is empty, as the last of the text is there.
    spec.register_vocabulary([token.replace(UNUSED, "") for token in sorted(tokens, key=tokens.__getitem__)])
    spec.validate()
    spec.save(str(folder))


def _tokenizer(folder: Path, words: Sequence[str]) -> Mapping[str, int]:
    """The tokens in Whisper's order: text, then what is special, then times."""
    package = pytest.importorskip("tokenizers")
    text = [*sorted(package.pre_tokenizers.ByteLevel.alphabet()), *dict.fromkeys(f"Ġ{word}" for word in words), UNUSED]
    made = package.Tokenizer(package.models.BPE({token: at for at, token in enumerate(text)}, []))
    made.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = package.decoders.ByteLevel()
    made.add_special_tokens([*SPECIAL, *TIMES])
    made.save(str(folder / "tokenizer.json"))
    found: Mapping[str, int] = made.get_vocab()
    return found


def _encoder(encoder: Any) -> None:  # noqa: ANN401 - the package has no types
    encoder.conv1.weight, encoder.conv2.weight = _noise(WIDTH, MELS, 3), _noise(WIDTH, WIDTH, 3)
    encoder.conv1.bias, encoder.conv2.bias = _nothing(WIDTH), _nothing(WIDTH)
    encoder.position_encodings.encodings = _noise(HEARS, WIDTH)
    _norm(encoder.layer_norm)
    _layer(encoder.layer[0])


def _decoder(decoder: Any, tokens: Mapping[str, int], script: Sequence[str]) -> None:  # noqa: ANN401
    decoder.embeddings.weight = _noise(len(tokens), WIDTH)
    places = np.zeros((SAYS, WIDTH), np.float32)
    places[np.arange(SAYS), np.minimum(np.arange(SAYS), WIDTH - 1)] = 10.0
    decoder.position_encodings.encodings = places
    _norm(decoder.layer_norm)
    _layer(decoder.layer[0])
    _attention(decoder.layer[0].attention, 2)
    projection = _noise(len(tokens), WIDTH)
    for place in range(WIDTH):
        at = min(max(0, place - PROMPT + 1), len(script) - 1)
        projection[tokens[script[at]], place] = SURE
    projection[tokens["<|en|>"], 0] = 2 * SURE
    decoder.projection.weight = projection
    decoder.projection.bias = _nothing(len(tokens))


def _layer(layer: Any) -> None:  # noqa: ANN401
    _attention(layer.self_attention, 1)
    _norm(layer.ffn.layer_norm)
    for linear in (layer.ffn.linear_0, layer.ffn.linear_1):
        linear.weight, linear.bias = _noise(WIDTH, WIDTH), _nothing(WIDTH)


def _attention(attention: Any, kinds: int) -> None:  # noqa: ANN401
    """`kinds` of linear layers before the last: one for queries, keys and values together, or queries apart."""
    _norm(attention.layer_norm)
    rows = [3 * WIDTH] if kinds == 1 else [WIDTH, 2 * WIDTH]
    for linear, height in zip(attention.linear, (*rows, WIDTH), strict=True):
        linear.weight, linear.bias = _noise(height, WIDTH), _nothing(height)


def _norm(norm: Any) -> None:  # noqa: ANN401
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), _nothing(WIDTH)


def _noise(*shape: int) -> Weights:
    return np.random.default_rng(7).normal(0, 1e-3, shape).astype(np.float32)


def _nothing(size: int) -> Weights:
    return np.zeros(size, np.float32)
