"""What files of weights may look like: ONNX and safetensors, never a pickle, nothing the card does not name."""

from collections.abc import Mapping
from pathlib import Path

from countenance.contracts.errors import BundleError
from countenance.inference.bundle import sha256

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".h5", ".keras", ".pb")
"""Formats that run code when they are read, or may."""
PLAIN = (".onnx", ".safetensors", ".json", ".txt", ".md", ".toml")
BARE = ("LICENSE", "LICENCE", "NOTICE", "README")
"""Names of text files without an ending."""
MAGIC = {b"\x80": "a pickle", b"PK": "a zip archive, as PyTorch writes its pickles", b"\x89HDF": "an HDF5 file"}
CONVERT = (
    "Only ONNX and safetensors are read: a pickle can run code on load. Ask for an export, or convert it elsewhere."
)


def screen_folder(folder: Path, files: Mapping[str, str], card: str) -> None:
    """Every file is of a plain kind, named by the card `card` and has the hash said there."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise BundleError(f"{path}: a link that leads out of the folder", "Copy the file instead.")
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name == card:
            continue
        screen_file(path)
        if name not in files:
            raise BundleError(f"{path}: {card} does not name this file", "Name it under [files], or take it away.")
    for name, said in sorted(files.items()):
        if not (folder / name).is_file():
            raise BundleError(f"{folder / name}: the file is missing", f"{card} names it.")
        if (found := sha256(folder / name)) != said:
            raise BundleError(
                f"{folder / name}: its sha256 is {found}, not the one in {card}",
                "Do not use it before you know why; write the new hash only if you trust the file.",
            )


def screen_file(path: Path, named: str | None = None) -> None:
    """A file of a kind that cannot run code when it is read; `named` is its name where it is to lie in the end."""
    final = Path(named or path.name)
    suffix = final.suffix.lower()
    if suffix in PICKLES:
        raise BundleError(f"{path}: {suffix} files are refused", CONVERT)
    if suffix not in PLAIN and final.stem.upper() not in BARE:
        raise BundleError(f"{path}: no file of a kind that is known here", f"Known: {', '.join(PLAIN)}.")
    with path.open("rb") as file:
        start = file.read(8)
    for magic, what in MAGIC.items():
        if start.startswith(magic):
            raise BundleError(f"{path}: it is {what}, whatever its name says", CONVERT)
