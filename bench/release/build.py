"""Build a release: wheels and sdist, what is in them, the hashes of all, and a signature where a key is given.

    python -m bench.release.build [--out dist] [--key FILE]      # make release
    python -m bench.release.build --verify dist [--vkey KEY]

Everything is built twice from the last commit, in folders of its own, and must come out the same bit by bit. The
signature is a signed note (C2SP) over SHA256SUMS, so anything that reads checkpoints can verify it, offline. `--key`
is a file with a private key as `countenance audit keys` writes it.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from bench.release import sbom
from bench.release.lock import LOCK, ROOT, locked
from countenance import __version__
from countenance.audit.note import SigningKey, VerifierKey, parse_note, sign_note, verify_note
from countenance.contracts.errors import CountenanceError

SUMS, NOTE = "SHA256SUMS", "SHA256SUMS.note"
VENDOR = Path("src/countenance/server/static/vendor")


def exported(folder: Path, commit: str = "HEAD") -> None:
    """The tree of a commit, and the browser code that was built for it."""
    archive = subprocess.run(["git", "archive", "--format=tar", commit], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tree:
        tree.extractall(folder, filter="data")
    if (ROOT / VENDOR).is_dir():
        shutil.copytree(ROOT / VENDOR, folder / VENDOR, dirs_exist_ok=True)


def built(tree: Path, out: Path, epoch: int, packages: Sequence[str] = (".", "research")) -> Mapping[str, str]:
    """Wheel and sdist of each package; their names and SHA-256."""
    environment = {"SOURCE_DATE_EPOCH": str(epoch), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "TZ": "UTC"}
    for folder in (tree / package for package in packages):
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return sums_of(sorted(path for path in out.iterdir() if path.suffix in (".whl", ".gz")))


def sums_of(paths: Sequence[Path]) -> Mapping[str, str]:
    """SHA-256 by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def listed(sums: Mapping[str, str]) -> str:
    """As `sha256sum` writes and checks it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def release(out: Path, key: SigningKey | None, commit: str = "HEAD") -> list[str]:
    """Build into a folder; the names of files that came out differently the second time."""
    commit = _git("rev-parse", commit)  # which does not move while it is built
    epoch = int(_git("log", "-1", "--format=%ct", commit))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        made = []
        for place in (Path(one), Path(other)):
            exported(place / "tree", commit)
            (place / "out").mkdir()
            made.append(built(place / "tree", place / "out", epoch))
        for path in (Path(one) / "out").iterdir():
            shutil.copy(path, out / path.name)
    sbom.write(locked(LOCK.read_text(encoding="utf-8")), datetime.fromtimestamp(epoch, UTC), out / _sbom_name())
    shutil.copy(LOCK, out / LOCK.name)
    text = listed(sums_of([out / name for name in (*made[0], _sbom_name(), LOCK.name)]))
    (out / SUMS).write_text(text, encoding="utf-8")
    if key is not None:
        (out / NOTE).write_bytes(sign_note(text, key).data)
    return sorted(name for name in made[0].keys() | made[1].keys() if made[0].get(name) != made[1].get(name))


def verified(folder: Path, key: VerifierKey | None) -> list[str]:
    """What does not hold of a release: files that are not as they were, or a signature that is not there."""
    text = (folder / SUMS).read_text(encoding="utf-8")
    wrong = []
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            wrong.append(f"{name} is not the file that was released")
    if key is not None:
        try:
            note = parse_note((folder / NOTE).read_bytes())
            verify_note(note, [key])
            if note.text != text:
                wrong.append(f"{NOTE} signs another list than {SUMS}")
        except (OSError, CountenanceError) as fault:
            wrong.append(f"{NOTE} does not verify ({fault})")
    return wrong


def _sbom_name() -> str:
    return f"countenance-{__version__}.cdx.json"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Build or verify, and say so in one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("dist"))
    parser.add_argument("--key", type=Path, help="a file with the private key that signs")
    parser.add_argument("--verify", type=Path, metavar="FOLDER")
    parser.add_argument("--vkey", help="the public key that must have signed")
    asked = parser.parse_args()
    if asked.verify is not None:
        wrong = verified(asked.verify, None if asked.vkey is None else VerifierKey.parse(asked.vkey))
        sys.exit("\n".join(wrong) if wrong else print(f"{asked.verify}: every file is as it was released"))
    key = None if asked.key is None else SigningKey.parse(asked.key.read_text(encoding="utf-8").strip())
    differing = release(asked.out, key)
    pins = locked(LOCK.read_text(encoding="utf-8"))
    hashed = sum(bool(pin.hashes) for pin in pins.values())
    print(
        f"release: {len(list(asked.out.glob('*.whl')))} wheels, {len(list(asked.out.glob('*.tar.gz')))} sdists, "
        f"different when built again {len(differing)}, packages pinned by hash {hashed} of {len(pins)}, "
        f"signed {'yes' if key else 'no'}"
    )
    sys.exit(f"not the same when built again: {', '.join(differing)}" if differing else 0)


if __name__ == "__main__":
    main()
