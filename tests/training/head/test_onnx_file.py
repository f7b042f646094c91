from pathlib import Path

import numpy as np
import pytest

from countenance.inference.onnx import OnnxModel
from countenance.training.head.logistic import Linear
from countenance.training.head.onnx_file import write_linear


@pytest.mark.parametrize(("rows", "width", "labels"), [(1, 1, 1), (5, 693, 7), (0, 3, 2), (200, 130, 3)])
def test_the_file_runs_and_says_what_the_matrix_says(rows: int, width: int, labels: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(width)
    linear = Linear(
        rng.standard_normal((width, labels)).astype(np.float32), rng.standard_normal(labels).astype(np.float32)
    )
    write_linear(linear, tmp_path / "model.onnx")
    model = OnnxModel(tmp_path / "model.onnx")
    features = rng.standard_normal((rows, width)).astype(np.float32)
    assert (model.inputs, model.outputs) == (("features",), ("scores",))
    np.testing.assert_allclose(model.run({"features": features})["scores"], linear(features), rtol=1e-4, atol=1e-5)


def test_the_file_is_sound_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    write_linear(Linear(np.eye(3, 2, dtype=np.float32), np.zeros(2, np.float32)), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "countenance"
