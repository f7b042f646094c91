"""Write `requirements.lock`: every package that `pip install countenance` brings, each file of it by its hash.

    python -m bench.release.lock

Versions are those of `constraints.txt`; `uv` finds the hashes of all files of a version, for every machine. Everything
else here only reads the result.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK, CONSTRAINTS = ROOT / "requirements.lock", ROOT / "constraints.txt"
HEAD = (
    "# Every file that `pip install countenance` needs, by version and hash. Made by `python -m bench.release.lock`.\n"
)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
LOCAL = ("torch", "-e", "countenance", "nvidia", "triton")
"""Builds that differ between machines, and this project itself."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package of the lock."""

    version: str
    hashes: tuple[str, ...]
    marker: str | None = None
    """On which machines it is needed; None: on all."""


def canonical(name: str) -> str:
    """A package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(text: str) -> Mapping[str, Pinned]:
    """The packages of a lock."""
    found: dict[str, Pinned] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines and (pin := PIN.match(lines[0])):
            found[canonical(pin[1])] = Pinned(pin[2], tuple(HASH.findall(block)), pin[3])
    return found


def constrained(text: str) -> Mapping[str, str]:
    """Names and versions of `constraints.txt`."""
    pins = (PIN.match(line) for line in text.splitlines())
    return {canonical(pin[1]): pin[2] for pin in pins if pin}


def _usable(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if not line.startswith(LOCAL))


def main() -> None:
    """Ask the index, and write the lock."""
    if shutil.which("uv") is None:
        sys.exit("uv is not here: pip install uv")
    with tempfile.TemporaryDirectory() as name:
        pins, out = Path(name) / "constraints.txt", Path(name) / "lock"
        pins.write_text("\n".join(_usable(CONSTRAINTS.read_text(encoding="utf-8"))), encoding="utf-8")
        command = ["uv", "pip", "compile", "pyproject.toml", "-c", str(pins), "--generate-hashes", "--universal"]
        options = ["--python-version", "3.11", "--no-header", "--no-annotate", "-q", "-o", str(out)]
        subprocess.run([*command, *options], cwd=ROOT, check=True)
        LOCK.write_text(HEAD + out.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"{LOCK.name}: {len(locked(LOCK.read_text(encoding='utf-8')))} packages")


if __name__ == "__main__":
    main()
