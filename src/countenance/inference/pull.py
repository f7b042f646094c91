"""Other people's weights from a hub or from files: nothing is taken whose hash is not known or was not accepted.

What was taken once is pinned in `models.lock.json` beside the folders; later pulls must match it.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from countenance.contracts.errors import DownloadError, UsageError
from countenance.inference.adapter import ADAPTER
from countenance.inference.bundle import sha256
from countenance.inference.capped import tried
from countenance.inference.catalogue import Entry
from countenance.inference.hub import Progress, ask, fetch
from countenance.inference.safetensor import read_header
from countenance.inference.screen import screen_file

LOCK = "models.lock.json"
STAGE = ".pull"
SOURCE = ".source"
"""Ends the folder of weights that are to be converted first."""

Pins = Mapping[str, Mapping[str, object]]
"""File name to url, size and sha256."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that is about to be taken."""

    name: str
    url: str
    size: int | None
    sha256: str | None
    git_blob: str | None
    said_by: str
    """Who says the hash."""

    @property
    def known(self) -> bool:
        """Whether a wrong file would be noticed."""
        return bool(self.sha256 or self.git_blob)


def plan(entry: Entry, to: Path, given: Mapping[str, str], *, offline: bool = False) -> list[Wanted]:
    """What would be taken: hashes out of the lock, the catalogue or the operator's hand, else as the hub says."""
    pins = read_lock(to).get(entry.name, {})
    if strange := sorted(given.keys() - {file.name for file in entry.file}):
        raise UsageError(f"--sha256 names {strange[0]!r}", f"Files: {', '.join(f.name for f in entry.file)}.")
    wanted = []
    for file in entry.file:
        said = {
            "lock": pins.get(file.name, {}).get("sha256"),
            "catalogue": file.sha256,
            "command line": given.get(file.name),
        }
        hashes = {str(digest): who for who, digest in reversed(said.items()) if digest}
        if len(hashes) > 1:
            told = "; ".join(f"{who} says {digest}" for digest, who in hashes.items())
            raise DownloadError(f"{entry.name}: two hashes for {file.name}: {told}", "Find out which file is meant.")
        wanted.append(_wanted(file.name, str(pins.get(file.name, {}).get("url", file.url)), file.size, hashes, offline))
    return wanted


def _wanted(name: str, url: str, size: int | None, hashes: Mapping[str, str], offline: bool) -> Wanted:
    for digest, who in hashes.items():
        return Wanted(name, url, size, digest, None, who)
    if offline:
        return Wanted(name, url, size, None, None, "nobody")
    told = ask(url)
    who = "the hub" if told.sha256 or told.git_blob else "nobody"
    return Wanted(name, told.url, told.size or size, told.sha256, told.git_blob, who)


def pull(entry: Entry, wanted: Sequence[Wanted], to: Path, progress: Progress, *, accept_unknown: bool = False) -> Path:
    """Fetch, check, try, and put in place; gives the folder."""
    stage = _stage(entry, wanted, to, accept_unknown)
    for file in wanted:
        if not (stage / file.name).is_file():
            part = to / STAGE / f"{entry.name}.{file.name}.{_key(file)}.part"
            fetch(file.url, part, file.size, progress)
            _check(part, file)
            part.replace(stage / file.name)
        _check(stage / file.name, file)
    return _put(entry, wanted, stage, to)


def take(entry: Entry, wanted: Sequence[Wanted], to: Path, source: Path, *, accept_unknown: bool = False) -> Path:
    """The same with files that somebody carried here."""
    stage = _stage(entry, wanted, to, accept_unknown)
    for file in wanted:
        found = _carried(source, file, alone=len(wanted) == 1)
        _check(found, file)
        shutil.copyfile(found, stage / file.name)
    return _put(entry, wanted, stage, to)


def _stage(entry: Entry, wanted: Sequence[Wanted], to: Path, accept_unknown: bool) -> Path:
    """A folder for files that were checked, before they are put in place together."""
    unknown = [file.name for file in wanted if not file.known]
    if unknown and not accept_unknown:
        raise UsageError(
            f"{entry.name}: nobody says the hash of {', '.join(unknown)}",
            "Give it with --sha256 FILE=HEX, or pin whatever comes with --accept-unknown-hash.",
        )
    stage = to / STAGE / entry.name
    stage.mkdir(parents=True, exist_ok=True)
    return stage


def present(entry: Entry, to: Path) -> Path | None:
    """The folder when it is in place already, unchanged since it was pinned; a changed one is an error."""
    folder = _home(entry, to)
    if not folder.exists():
        return None
    pins = read_lock(to).get(entry.name, {})
    for file in entry.file:
        path = folder / file.name
        if not path.is_file() or sha256(path) != pins.get(file.name, {}).get("sha256"):
            raise DownloadError(f"{path}: not what {to / LOCK} pins", "Move the folder away, then pull again.")
    return folder


def read_lock(to: Path) -> Mapping[str, Pins]:
    """What is pinned in a folder."""
    path = to / LOCK
    if not path.is_file():
        return {}
    try:
        models = json.loads(path.read_text(encoding="utf-8"))["models"]
        for pins in models.values():
            for pin in pins.values():
                if not re.fullmatch(r"[0-9a-f]{64}", pin["sha256"]):
                    raise ValueError(f"{pin['sha256']!r} is no sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DownloadError(f"{path}: not a lock file ({error})", "Restore it from a copy.") from error
    found: Mapping[str, Pins] = models
    return found


def _check(path: Path, file: Wanted) -> None:
    """The hash is the one that was promised; the file stays where it is either way."""
    screen_file(path, file.name)
    if file.sha256 and (found := sha256(path)) != file.sha256:
        raise DownloadError(
            f"{path}: its sha256 is {found}, and {file.said_by} says {file.sha256}",
            "It was not taken. Find out why before you delete it and pull again.",
        )
    if file.git_blob and (found := _git_blob(path)) != file.git_blob:
        raise DownloadError(f"{path}: its git hash is {found}, and {file.said_by} says {file.git_blob}", "Not taken.")


def _put(entry: Entry, wanted: Sequence[Wanted], stage: Path, to: Path) -> Path:
    digests = {file.name: sha256(stage / file.name) for file in wanted}
    if entry.form == "onnx":
        (stage / ADAPTER).write_text(entry.card_text(digests), encoding="utf-8")
        tried(stage)
    else:
        for name in digests:
            if name.endswith(".safetensors"):
                read_header(stage / name)
    stage.replace(_home(entry, to))
    _pin(entry, [replace(file, sha256=digests[file.name]) for file in wanted], to)
    return _home(entry, to)


def _pin(entry: Entry, files: Sequence[Wanted], to: Path) -> None:
    pins = {file.name: {"url": file.url, "size": file.size, "sha256": file.sha256} for file in files}
    text = json.dumps({"models": {**read_lock(to), entry.name: pins}}, indent=1, sort_keys=True)
    fresh = to / f"{LOCK}.new"
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(to / LOCK)


def _home(entry: Entry, to: Path) -> Path:
    return to / (entry.name if entry.form == "onnx" else entry.name + SOURCE)


def _carried(source: Path, file: Wanted, *, alone: bool) -> Path:
    if source.is_file() and alone:
        return source
    for name in (file.name, file.url.rpartition("/")[2]):
        if (source / name).is_file():
            return source / name
    raise UsageError(f"{source}: no {file.name} in it", f"It is the file of {file.url}.")


def _key(file: Wanted) -> str:
    """Tells parts of different files apart, so that a download never goes on behind another file's bytes."""
    return hashlib.sha256(f"{file.url} {file.sha256} {file.git_blob}".encode()).hexdigest()[:8]


def _git_blob(path: Path) -> str:
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
