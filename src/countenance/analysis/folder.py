"""The folder of one analysis: everything is made beside its place and moved there whole, or not at all.

`report` is made as `report.partial`. An interruption leaves the partial folder with a checkpoint, and the same command
goes on from it; a failure leaves nothing.
"""

import fcntl
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countenance.contracts.errors import UsageError

CHECKPOINT = "checkpoint.json"
MARK = "summary.json"
"""A folder without this file was not made by an analysis and is never replaced."""


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """Where one analysis is made."""

    out: Path
    digest: str
    """Of everything that decides the result; a checkpoint of another digest is not continued."""
    _held: list[int] = field(default_factory=list, repr=False, compare=False)
    """The open folder, locked while an analysis is at work in it."""

    @property
    def path(self) -> Path:
        """The partial folder."""
        return self.out.with_name(self.out.name + ".partial")

    def open(self) -> dict[str, Any] | None:
        """Make the folder, or find the checkpoint of the same analysis interrupted; its state, or None."""
        if self.out.exists() and not self._replaceable():
            raise UsageError(f"{self.out} exists and is not a report", "Choose another --out, or move it away.")
        if self.path.exists():
            self._hold()
        state = self._checkpoint()
        if state is None:
            shutil.rmtree(self.path, ignore_errors=True)
            try:
                self.path.mkdir(parents=True)
            except OSError as error:
                raise UsageError(f"{self.path}: cannot be made ({error.strerror})", "Choose another --out.") from error
            self._hold()
        return state

    def _hold(self) -> None:
        """Whoever analyses holds the folder: it is neither taken over nor cleared away."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise UsageError(
                f"{self.path}: another analysis is at work there", "Wait for it, or choose another --out."
            ) from error
        self._let_go()
        self._held.append(handle)

    def _let_go(self) -> None:
        while self._held:
            os.close(self._held.pop())

    def save(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint in one step."""
        new = self.path / (CHECKPOINT + ".new")
        new.write_text(json.dumps({"digest": self.digest, "state": state}), encoding="utf-8")
        new.replace(self.path / CHECKPOINT)

    def finish(self) -> None:
        """Move the folder to its place; an earlier report there goes."""
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        if self.out.exists():
            shutil.rmtree(self.out)
        self.path.rename(self.out)
        self._let_go()

    def abandon(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._let_go()

    def pause(self) -> None:
        """Leave the folder as it is, for the same command to go on."""
        self._let_go()

    def _replaceable(self) -> bool:
        return self.out.is_dir() and ((self.out / MARK).is_file() or not any(self.out.iterdir()))

    def _checkpoint(self) -> dict[str, Any] | None:
        try:
            saved = json.loads((self.path / CHECKPOINT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None  # none there, or torn: the analysis starts anew
        return saved["state"] if saved.get("digest") == self.digest else None
