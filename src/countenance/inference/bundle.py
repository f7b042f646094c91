"""A bundle: weights with their card and calibration. No card, no load; a wrong hash, no load."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.contracts.card import Card, Figure, Licence
from countenance.contracts.errors import BundleError
from countenance.contracts.readings import ModelRef
from countenance.inference.calibration import Calibration
from countenance.inference.ledger import Ledger, Profile
from countenance.inference.onnx import CPU, OnnxModel

AGAIN = "Install the bundle again from a trusted copy."


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Weights that may run."""

    folder: Path
    card: Card
    model: OnnxModel
    calibration: Calibration

    @classmethod
    def load(cls, folder: Path, providers: Sequence[str] = CPU, profile: Profile = Profile.OPEN) -> "Bundle":
        """Check the licence and every hash, then open the network."""
        card = read_card(folder)
        if why := forbidden(folder, card, profile):
            raise BundleError(
                f"{card.name} may not load under the profile {profile.value!r}: {why}",
                "Use a profile that its terms allow, or another bundle.",
            )
        check_files(folder, card)
        return cls(
            folder=folder,
            card=card,
            model=OnnxModel(folder / "model.onnx", providers),
            calibration=Calibration.read(folder / "calibration.json"),
        )

    @property
    def ref(self) -> ModelRef:
        """What readings say about who spoke."""
        return ModelRef(self.card.id, self.card.version, self.card.files["model.onnx"])


def read_card(folder: Path) -> Card:
    """Read `card.toml`; a missing field names itself."""
    path = folder / "card.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{folder}: no model card (card.toml)", "A model without a card does not load.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{path}: not valid TOML ({error})", AGAIN) from error
    try:
        return _card(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{path}: the field {error} is missing or of the wrong type", AGAIN) from error


def forbidden(folder: Path, card: Card, profile: Profile) -> str | None:
    """Why a profile may not load a bundle, naming the licence row; a card that the ledger contradicts is an error."""
    ledger = Ledger.around(folder)
    ledger.check(card)
    return ledger.forbids(card, profile)


def check_files(folder: Path, card: Card) -> None:
    """Every file of the bundle is named by the card and has the hash the card says."""
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"card.toml"}
    for name in sorted(present | card.files.keys() | {"model.onnx", "calibration.json"}):
        if name not in present:
            raise BundleError(f"{folder / name}: the file is missing", AGAIN)
        if name not in card.files:
            raise BundleError(f"{folder / name}: the card does not name this file", AGAIN)
        if sha256(folder / name) != card.files[name]:
            raise BundleError(f"{folder / name}: its sha256 is not the one in the card", AGAIN)


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _card(data: Mapping[str, Any]) -> Card:
    return Card(
        id=data["id"],
        version=data["version"],
        modality=data["modality"],
        task=data["task"],
        summary=data["summary"],
        outputs={name: tuple(labels) for name, labels in data["outputs"].items()},
        licence=_licence(data["licence"]),
        input=data["input"],
        calibration=data["calibration"],
        data=data["data"],
        limits=tuple(data["limits"]["text"]),
        figures=tuple(_figure(row) for row in data.get("figures", ())),
        files=data["files"],
    )


def _licence(table: Mapping[str, Any]) -> Licence:
    return Licence(
        code=table["code"],
        weights=table["weights"],
        data=table["data"],
        commercial=table["commercial"],
        notice=table["notice"],
        rows=tuple(table["ledger"]),
    )


def _figure(row: Mapping[str, Any]) -> Figure:
    return Figure(
        metric=row["metric"],
        value=row["value"],
        low=row.get("low"),
        high=row.get("high"),
        n=row["n"],
        protocol=row["protocol"],
        majority=row.get("majority"),
    )
