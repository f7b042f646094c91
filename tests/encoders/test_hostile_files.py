"""R21: of more than fifty hostile model files none loads; each is refused with a word, and does no harm."""

from pathlib import Path

import pytest
from tests.encoders.foreign import FER, face_net
from tests.encoders.hostile import HEADERS, HOSTILE, SIZE, carded

from countenance.contracts.errors import CountenanceError
from countenance.inference.capped import tried
from countenance.inference.verification import verify


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a sound net, until something else takes its place."""
    made = tmp_path / "mine"
    made.mkdir()
    monkeypatch.chdir(tmp_path)
    face_net(made / "model.onnx", SIZE, len(FER))
    return made


def test_the_card_beside_them_is_sound(folder: Path) -> None:
    assert tried(carded(folder)).outputs == {"logits": ["n", 7]}
    assert len(HOSTILE) + len(HEADERS) >= 50


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_does_not_load(folder: Path, what: str) -> None:
    HOSTILE[what](folder)
    with pytest.raises(CountenanceError) as refused:
        tried(carded(folder))
    assert refused.value.problem
    assert refused.value.remedy
    assert not list(folder.parent.rglob("harm-was-done"))


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_that_lies_is_refused(folder: Path, what: str) -> None:
    file = folder / "weights.safetensors"
    file.write_bytes(HEADERS[what])
    with pytest.raises(CountenanceError, match=r"safetensors"):
        verify(file)
