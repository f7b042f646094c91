"""From the trained net to the shipped file: export, check, 8 bits where they are faster and hardly less exact."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from countenance.contracts.errors import BundleError
from countenance.evaluation.metrics import MACRO_F1
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.text_emotion.eight_bits import quantise
from countenance.training.text_emotion.fitted import fit
from countenance.training.text_emotion.net import TextNet
from countenance.training.text_emotion.onnx_export import export_float
from countenance.training.text_emotion.outputs import Outputs, Reader, float_scores, onnx_reader, remembered
from countenance.training.text_emotion.tables import labels_table, scores_table

LARGEST_DIFFERENCE = 1e-3
MOST_LOST = 0.005
"""Macro-F1 on dev that 8 bits may cost."""
TIMED = 300
_CHECKED, _ROUNDS = 100, 5


def write_model(net: TextNet, tokenizer: Tokenizer, dev: GoEmotionsSplit, folder: Path) -> dict[str, Any]:
    """Write `float.onnx`, `int8.onnx` and the better of the two as `model.onnx`; gives what was compared, on dev."""
    paths = {32: folder / "float.onnx", 8: folder / "int8.onnx"}
    export_float(net, paths[32])
    gap = _gap(net, paths[32], tokenizer, dev.texts[:_CHECKED])
    quantise(paths[32], paths[8])
    read = {bits: remembered(onnx_reader(path, tokenizer)) for bits, path in paths.items()}
    rows = compared(read[32](dev.texts), read[8](dev.texts), dev)
    speed = {bits: cpu_ms(OnnxModel(path), tokenizer, dev.texts) for bits, path in paths.items()}
    lost = max(row["lost"] for row in rows.values())
    bits = 8 if speed[8] < speed[32] and lost <= MOST_LOST else 32
    shutil.copyfile(paths[bits], folder / "model.onnx")
    tried = {f"bits_{bits}": {"cpu_ms": speed[bits], "bytes": path.stat().st_size} for bits, path in paths.items()}
    return {"gap": gap, "bits": bits, "dev": rows, "lost": lost, "tried": tried}


def compared(floats: Outputs, eight: Outputs, dev: GoEmotionsSplit) -> dict[str, dict[str, float]]:
    """Macro-F1 of both precisions on dev, under the calibration and thresholds of the one and of the other, averaged.

    Thresholds of rare labels differ by chance from fit to fit, and favour what they were fitted to; so only the
    weights differ.
    """
    fits, rows = [fit(said, dev) for said in (floats, eight)], {}
    for name, table in (("ekman7", scores_table), ("goemotions28", labels_table)):
        one, other = (
            float(np.mean([MACRO_F1(table(dev, said, fitted, "GoEmotions dev")) for fitted in fits]))
            for said in (floats, eight)
        )
        rows[name] = {"float32": round(one, 4), "int8": round(other, 4), "lost": round(one - other, 4)}
    return rows


def cpu_ms(model: OnnxModel, tokenizer: Tokenizer, texts: Sequence[str], head: OnnxModel | None = None) -> float:
    """Milliseconds of CPU per text (tokenizer, net, head), one text per call, one thread: the best of some rounds."""
    rounds = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for text in texts[:TIMED]:
            said = model.run({"ids": np.array([tokenizer.encode(text).ids], np.int64)})
            if head is not None:
                head.run({"features": np.concatenate([said["layers"], said["embedding"]], axis=1)})
        rounds.append((time.process_time() - began) / len(texts[:TIMED]) * 1e3)
    return round(min(rounds), 3)


def _gap(net: TextNet, path: Path, tokenizer: Tokenizer, texts: tuple[str, ...]) -> float:
    read: Reader = onnx_reader(path, tokenizer)
    gap = float(np.abs(float_scores(net, tokenizer, texts) - read(texts).scores).max())
    if gap > LARGEST_DIFFERENCE:
        raise BundleError(f"the exported net differs from the trained one by {gap:.4f}", "Check the export.")
    return gap
