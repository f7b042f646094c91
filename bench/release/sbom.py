"""What is in a release, as a CycloneDX document: the packages of the lock, the weights, the browser code."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from bench.release.lock import ROOT, Pinned
from countenance import __version__
from countenance.inference.bundle import read_card

MODELS = ROOT / "src" / "countenance" / "models"
WEB = ROOT / "clients" / "web"


def document(packages: Mapping[str, Pinned], at: datetime) -> str:
    """The document, the same bytes for the same release."""
    bom = Bom()
    bom.metadata.timestamp = at
    bom.metadata.component = Component(
        name="countenance",
        version=__version__,
        type=ComponentType.APPLICATION,
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        bom_ref="countenance",
    )
    found = [*_packages(packages), *_weights(), *_browser()]
    bom.components.update(found)
    bom.register_dependency(bom.metadata.component, found)
    names = ",".join(sorted(f"{one.name}@{one.version}" for one in found))
    bom.serial_number = uuid5(NAMESPACE_URL, f"countenance {__version__} {at.isoformat()} {names}")
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _packages(packages: Mapping[str, Pinned]) -> Iterator[Component]:
    for name, pin in packages.items():
        purl = PackageURL("pypi", None, name, pin.version)
        yield Component(
            name=name,
            version=pin.version,
            type=ComponentType.LIBRARY,
            purl=purl,
            bom_ref=str(purl),
            licenses=_licences(name),
        )


def _licences(name: str) -> list[License]:
    """As the installed package says; nothing is said of one that is not needed on this machine."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    words = next((said[key] for key in said if key in ("License-Expression", "License")), "")
    classifiers = [one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or () if one.startswith("License")]
    text = words if words and len(words) < 80 else (classifiers or [""])[0]
    return [LicenseFactory().make_from_string(text)] if text else []


def _weights() -> Iterator[Component]:
    for folder in sorted(path.parent for path in MODELS.glob("*/card.toml")):
        card = read_card(folder)
        digest = card.files["model.onnx"]
        yield Component(
            name=folder.name,
            version=card.version,
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=f"model:{folder.name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        )


def _browser() -> Iterator[Component]:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    # What is bundled into the pages; everything else only builds.
    version = lock["packages"]["node_modules/uplot"]["version"]
    purl = PackageURL("npm", None, "uplot", version)
    licence = LicenseFactory().make_from_string("MIT")
    yield Component(
        name="uplot", version=version, type=ComponentType.LIBRARY, purl=purl, bom_ref=str(purl), licenses=[licence]
    )


def write(packages: Mapping[str, Pinned], at: datetime, path: Path) -> None:
    """Write the document."""
    path.write_text(document(packages, at), encoding="utf-8")
