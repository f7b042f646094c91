"""The commands of training where their packages are not installed."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import countenance
import countenance.cli as cli
from countenance.cli.training import Where, lacking

COMMANDS = (
    ("train", "face", "--recipe", "face-expression", "--data", "d", "--run", "r"),
    ("train", "voice", "--recipe", "voice-emotion", "--data", "d", "--run", "r"),
    ("train", "text", "--recipe", "text-emotion", "--data", "d", "--base", "b", "--run", "r"),
)


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The training room as it is imported where PyTorch is missing; afterwards the one that was there before."""

    def mine() -> list[str]:
        return [name for name in sys.modules if name.startswith("countenance.training")]

    monkeypatch.setitem(sys.modules, "torch", None)
    before = {name: sys.modules.pop(name) for name in mine()}
    room = vars(countenance).get("training")
    yield
    for name in mine():
        del sys.modules[name]
    sys.modules.update(before)
    vars(countenance).pop("training", None)
    if room is not None:
        countenance.training = room


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[1])
def test_without_the_extra_a_training_says_what_to_install(
    command: tuple[str, ...], without_torch: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["countenance", *command])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("countenance: this command needs torch, which the extra `train` brings.")
    assert len(said.splitlines()) == 1


ON_A_GPU = (*COMMANDS, ("train", "fusion", "--kind", "late", "--tuples", "t", "--run", "r"))


@pytest.mark.parametrize("command", ON_A_GPU, ids=lambda words: words[1])
def test_a_gpu_that_is_asked_for_and_missing_is_said_before_anything_is_read(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["countenance", *command, "--device", "cuda"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "this machine offers no CUDA device. Use --device cpu" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_no_extra_brings_is_not_explained_away() -> None:
    assert lacking(ModuleNotFoundError("no module named countenance.gone", name="countenance.gone")) is None
    assert "h5py" in str(lacking(ModuleNotFoundError("no module named h5py", name="h5py")))


def test_the_places_are_those_of_the_trainers() -> None:
    pytest.importorskip("torch")
    from countenance.training.device import Device

    assert [place.value for place in Where] == list(get_args(Device))
