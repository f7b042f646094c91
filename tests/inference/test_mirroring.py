"""A face of which the network is sure is read once; any other is read mirrored as well, and the mean counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.inference.mirroring import read_faces, unsure
from countenance.inference.onnx import OnnxModel

SURE, TORN = (9.0, 0.0), (0.4, 0.0)


@dataclass
class Net:
    """Says the first two pixels of a face; notes how many faces each call had."""

    calls: list[int] = field(default_factory=list)

    def run(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        faces = inputs["face"]
        self.calls.append(len(faces))
        return {"scores": faces[:, 0, 0, :2].copy(), "embedding": faces[:, 0, 0, :1].copy()}


def face(*pixels: float) -> NDArray[np.float32]:
    return np.array([[[pixels]]], np.float32)


def read(net: Net, faces: NDArray[np.float32], below: float) -> dict[str, NDArray[np.float32]]:
    return read_faces(cast(OnnxModel, net), faces, below)


def test_only_the_face_that_leaves_the_network_unsure_is_read_again() -> None:
    net, both = Net(), np.concatenate([face(*SURE), face(*TORN)])
    said = read(net, both, 0.7)
    assert net.calls == [2, 1]
    assert said["scores"][0] == pytest.approx(SURE)
    assert said["scores"][1] == pytest.approx((0.2, 0.2)), "the mean of what is seen and of its mirror image"
    assert said["embedding"][:, 0] == pytest.approx((9.0, 0.2))


def test_a_batch_says_what_single_faces_say() -> None:
    faces = np.random.default_rng(3).random((7, 1, 4, 4), np.float32) * 4
    together = read(Net(), faces, 0.7)["scores"]
    assert np.array_equal(together, np.concatenate([read(Net(), faces[i : i + 1], 0.7)["scores"] for i in range(7)]))


@pytest.mark.parametrize(("below", "calls"), [(0.0, [1]), (1.0, [1, 1])])
def test_a_bound_of_nought_is_never_and_of_one_is_always(below: float, calls: list[int]) -> None:
    net = Net()
    read(net, face(*TORN), below)
    assert net.calls == calls
    assert unsure(np.array([TORN], np.float32), below).tolist() == [below > 0]
