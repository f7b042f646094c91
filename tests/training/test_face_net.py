import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")
pytest.importorskip("ai_edge_litert")

from countenance.encoders.geometry import MIRRORED, NAMES  # noqa: E402
from countenance.training.face_augment import augment  # noqa: E402
from countenance.training.face_cues.net import PAIRS, CuesNet  # noqa: E402
from countenance.training.face_cues.teacher import CANVAS, CueFaces  # noqa: E402
from countenance.training.face_cues.train import moved  # noqa: E402
from countenance.training.face_net import follow, rate  # noqa: E402


def test_augmented_crops_stay_crops() -> None:
    random = torch.Generator().manual_seed(1)
    images = augment(torch.rand(16, 1, 48, 48), random)
    assert images.shape == (16, 1, 48, 48)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert augment(images, random, strength=0.5, side=32).shape == (16, 1, 32, 32)


def test_at_no_strength_a_crop_is_at_most_mirrored() -> None:
    images = torch.rand(8, 1, 48, 48)
    shown = augment(images, torch.Generator().manual_seed(1), strength=0.0)
    gaps = torch.minimum((shown - images).abs().amax((1, 2, 3)), (shown - images.flip(3)).abs().amax((1, 2, 3)))
    assert float(gaps.max()) < 1e-4


def test_points_move_with_the_picture() -> None:
    """A bright dot at one point is found again at the moved point, mirrored or not."""
    spot, other = NAMES.index(61), MIRRORED[NAMES.index(61)]
    random = torch.Generator().manual_seed(2)
    near = []
    for _ in range(40):
        points = np.full((1, len(NAMES), 3), CANVAS / 2, dtype=np.float32)
        points[0, spot, :2], points[0, other, :2] = (58, 84), (78, 84)
        canvas = np.zeros((1, CANVAS, CANVAS), dtype=np.uint8)
        canvas[0, 83:86, 57:60] = 255
        images, placed = moved(CueFaces(canvas, points, np.zeros(1, dtype=np.int64)), random)
        seen = np.unravel_index(int(images[0, 0].argmax()), images.shape[2:])[::-1]
        gaps = [np.abs(placed[0, which, :2].numpy() - seen).max() for which in (spot, other)]
        near.append(min(gaps) < 2.5)
    # Drawn covers and noise may outshine the dot now and then.
    assert sum(near) >= 24


def test_an_untrained_cues_network_says_the_mean_face() -> None:
    mean = torch.rand(len(NAMES), 3) * 96
    with torch.no_grad():
        said = CuesNet(mean).eval()(torch.rand(2, 1, 96, 96))
    assert torch.allclose(said, mean.expand(2, -1, -1))


def test_every_pair_is_among_the_points() -> None:
    assert {number for pair in PAIRS for number in pair} <= set(NAMES)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    values = [rate(done / 100, peak=1.0) for done in range(101)]
    assert max(values) == pytest.approx(1)
    assert values.index(max(values)) == 10
    assert values[100] == pytest.approx(0, abs=1e-9)


def test_the_running_mean_moves_towards_the_network() -> None:
    mean, net = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    before = (mean.weight - net.weight).detach().abs().sum()
    follow(mean, net, 0.9)
    after = (mean.weight - net.weight).detach().abs().sum()
    assert float(after) == pytest.approx(float(before) * 0.9, rel=1e-4)
