"""Faces found by somebody else's detector."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.encoders.foreign import LICENCE, finder_net, write_card

from countenance.capture.faces import FaceFinder, overlap
from countenance.capture.finding import FINDER, finder_of
from countenance.capture.yunet import YunetFinder
from countenance.contracts.errors import BundleError
from countenance.contracts.media import Box
from countenance.inference.adapter import read_adapter
from countenance.inference.capped import tried
from countenance.inference.shelf import Profile, Shelf


def corners(box: Box) -> tuple[float, ...]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def picture(path: Path, width: int) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((width, round(image.height * width / image.width))))


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    weights = shared / "weights" / "yunet" / "yunet_n_320_320.onnx"
    if not weights.is_file():
        pytest.skip("the weights of YuNet are not beside the checkout")
    folder = tmp_path_factory.mktemp("yunet")
    (folder / "model.onnx").write_bytes(weights.read_bytes())
    return write_card(folder, id="yunet-n", finder={})


def test_the_real_yunet_passes_its_trial(real: Path) -> None:
    trial = tried(real)
    assert trial.inputs == {"input": [1, 3, 320, 320]}
    assert len(trial.outputs) == 12


def test_the_real_yunet_finds_five_people_and_nobody_in_noise(real: Path, shared: Path) -> None:
    finder = YunetFinder(read_adapter(real))
    frame = picture(shared / "data/face_natural/multi_face.jpg", 640)
    faces = finder.find(frame)
    assert len(faces) == 5
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
    for face in faces:
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert left_eye[1] < nose[1] < left_mouth[1]
        assert 0 <= face.box.x < frame.shape[1]
    assert not finder.find(np.random.default_rng(0).integers(0, 256, (180, 320, 3)).astype(np.uint8))


def test_the_real_yunet_and_the_shipped_finder_see_the_same_face(real: Path, shared: Path) -> None:
    frame = picture(shared / "data/face_natural/single_face.jpg", 640)
    (theirs,) = YunetFinder(read_adapter(real)).find(frame)
    (ours,) = FaceFinder(Shelf.installed(Profile.COMMERCIAL).load(FINDER)).find(frame)
    assert overlap(corners(theirs.box), corners(ours.box)) > 0.5
    side = (ours.box.width + ours.box.height) / 2
    assert np.linalg.norm(theirs.landmarks - ours.landmarks, axis=1).mean() < 0.08 * side


def test_a_finder_of_the_shape_of_yunet_is_used_in_place_of_the_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    finder_net(folder / "model.onnx")
    write_card(folder, finder={"width": 64, "height": 32, "threshold": 0.01})
    assert isinstance(finder_of(Shelf.installed(Profile.OPEN, [folder])), YunetFinder)
    assert isinstance(finder_of(Shelf.installed(Profile.OPEN)), FaceFinder)
    assert isinstance(finder_of(Shelf.installed(Profile.COMMERCIAL, [folder])), FaceFinder)


def test_boxes_of_a_finder_are_told_in_pixels_of_the_frame_and_overlap_little(tmp_path: Path) -> None:
    finder_net(tmp_path / "model.onnx")
    write_card(tmp_path, finder={"width": 64, "height": 32, "threshold": 0.01})
    faces = YunetFinder(read_adapter(tmp_path)).find(np.full((320, 640, 3), 200, np.uint8))
    assert len(faces) > 1
    boxes = [corners(face.box) for face in faces]
    assert max(overlap(one, other) for i, one in enumerate(boxes) for other in boxes[:i]) <= 0.3
    assert max(box[2] for box in boxes) > 320
    assert all(not face.covered.any() for face in faces)


def test_a_finder_whose_grid_does_not_fit_its_input_is_refused(tmp_path: Path) -> None:
    finder_net(tmp_path / "model.onnx", leave_out="kps_32")
    write_card(tmp_path, finder={"width": 64, "height": 32})
    with pytest.raises(BundleError, match="no output 'kps_32'"):
        tried(tmp_path)


def test_an_adapter_of_another_kind_finds_no_faces(tmp_path: Path) -> None:
    finder_net(tmp_path / "model.onnx")
    output = {"labels": ["a"], "alone": {"a": "frustration"}}
    write_card(tmp_path, face={"size": 32}, output=output, licence=LICENCE)
    with pytest.raises(BundleError, match="no face finder"):
        YunetFinder(read_adapter(tmp_path))
