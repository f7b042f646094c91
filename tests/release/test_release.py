"""What ships: everything is pinned by hash, what is in it is written down, and a changed file is noticed."""

import json
import tomllib
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest
from bench.release import build, sbom
from bench.release.lock import CONSTRAINTS, LOCK, ROOT, canonical, constrained, locked
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from countenance.audit.note import SigningKey, sign_note

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = SigningKey("countenance-release", bytes(range(32)))
PINS = locked(LOCK.read_text(encoding="utf-8"))


def test_every_package_of_the_lock_has_a_version_that_is_tested_and_hashes() -> None:
    tested = constrained(CONSTRAINTS.read_text(encoding="utf-8"))
    assert len(PINS) > 40
    for name, pin in PINS.items():
        assert pin.hashes, name
        # What only other machines need is not installed where the constraints were written down.
        assert tested.get(name, pin.version if pin.marker else None) == pin.version, name


def test_everything_that_the_product_imports_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting, seen = [project["dependencies"]], set[str]()
    while waiting:
        for requirement in map(Requirement, waiting.pop()):
            name = canonical(requirement.name)
            if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
                continue
            seen.add(name)
            assert name in PINS, f"{name} is not in requirements.lock: run python -m bench.release.lock"
            waiting.append(metadata.requires(name) or [])
    assert {"fastapi", "starlette", "onnxruntime", "aioice"} <= seen


def test_a_release_says_what_is_in_it() -> None:
    text = sbom.document(PINS, AT)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert sbom.document(PINS, AT) == text
    found = {one["name"]: one for one in json.loads(text)["components"]}
    assert found.keys() >= {"numpy", "face-cues.v1", "text-emotion.v1", "uplot"}
    assert found["fastapi"]["licenses"]
    assert found["face-cues.v1"]["hashes"][0]["content"]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    (tmp_path / "a.whl").write_bytes(b"wheel")
    (tmp_path / "b.lock").write_bytes(b"lock")
    text = build.listed(build.sums_of([tmp_path / "a.whl", tmp_path / "b.lock"]))
    (tmp_path / build.SUMS).write_text(text, encoding="utf-8")
    (tmp_path / build.NOTE).write_bytes(sign_note(text, KEY).data)
    return tmp_path


def test_a_release_verifies_offline(released: Path) -> None:
    assert build.verified(released, KEY.verifier) == []


def test_a_changed_a_missing_and_a_file_signed_by_another_are_noticed(released: Path) -> None:
    other = SigningKey("countenance-release", bytes(32))
    assert "does not verify" in build.verified(released, other.verifier)[0]
    (released / "a.whl").write_bytes(b"whee1")
    (released / "b.lock").unlink()
    assert build.verified(released, KEY.verifier) == [
        "a.whl is not the file that was released",
        "b.lock is not the file that was released",
    ]
    (released / build.SUMS).write_text(build.listed(build.sums_of([released / "a.whl"])), encoding="utf-8")
    assert build.verified(released, KEY.verifier) == [f"{build.NOTE} signs another list than {build.SUMS}"]
    (released / build.NOTE).unlink()
    assert "does not verify" in build.verified(released, KEY.verifier)[0]


def test_built_twice_the_research_package_is_the_same(tmp_path: Path) -> None:
    sums = []
    for name in ("one", "other"):
        place = tmp_path / name
        build.exported(place / "tree")
        (place / "out").mkdir()
        sums.append(build.built(place / "tree", place / "out", 1_790_000_000, ["research"]))
    assert sums[0] == sums[1]
    assert len(sums[0]) == 2
