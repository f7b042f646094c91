"""A witness (C2SP tlog-witness): remembers the last checkpoint of each log and cosigns only what continues it."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from countenance.audit.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from countenance.audit.cosignature import cosign
from countenance.audit.merkle import EMPTY_ROOT, check_consistency
from countenance.audit.note import COSIGNATURE, SigningKey, VerifierKey, parse_note, verify_note
from countenance.audit.proof import join, parse_hashes
from countenance.audit.wire import number, utf8
from countenance.contracts.errors import AuditError

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers, in the words of HTTP."""

    status: int
    body: str
    kind: str = PLAIN


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks of a witness."""

    old: int
    """The size of the checkpoint that the witness cosigned last, as the log believes."""
    proof: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def data(self) -> bytes:
        """The body of add-checkpoint."""
        return f"old {self.old}\n{join(self.proof)}\n".encode() + self.checkpoint


def parse_request(data: bytes) -> Request:
    """The request in a body; raises AuditError."""
    head, blank, checkpoint = data.partition(b"\n\n")
    lines = utf8(head, "the request").split("\n")
    if not blank or not lines[0].startswith("old "):
        raise AuditError("the request does not begin with the old size", "Send `old`, the proof, and a checkpoint.")
    old = number(lines[0].removeprefix("old "), "the old size")
    return Request(old, parse_hashes(lines[1:], "the consistency proof"), checkpoint)


class Witness:
    """One witness with its key, the logs it knows, and a folder with the last checkpoint of each."""

    def __init__(
        self, folder: Path, key: SigningKey, logs: Collection[VerifierKey], seconds: Callable[[], int]
    ) -> None:
        if key.kind != COSIGNATURE:
            raise AuditError(f"the key of {key.name} is not for cosignatures", "A witness signs with a key of type 4.")
        self._folder = folder
        self._key = key
        self._logs = tuple(logs)
        self._seconds = seconds
        self._turn = Lock()
        for origin in sorted({key.name for key in self._logs}):
            self.latest(origin)

    def latest(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of a log that was cosigned; raises AuditError when its file is damaged."""
        path = self._path(origin)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise AuditError(f"the witness cannot read {path}: {fault.strerror}", "Check folder and rights.") from fault
        checkpoint, _ = open_checkpoint(data, [key for key in self._logs if key.name == origin])
        return checkpoint

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign a checkpoint that continues the last one, or say why not."""
        try:
            asked = parse_request(body)
            note = parse_note(asked.checkpoint)
            point = parse_checkpoint(note.text)
        except AuditError as fault:
            return Answer(400, f"{fault.problem}\n")
        keys = [key for key in self._logs if key.name == point.origin]
        if not keys:
            return Answer(404, "this log is not known here\n")
        try:
            verify_note(note, keys)
        except AuditError as fault:
            return Answer(403, f"{fault.problem}\n")
        if asked.old > point.size:
            return Answer(400, f"the old size {asked.old} is larger than the new one, {point.size}\n")
        with self._turn, self._alone():
            refusal = self._refusal(asked, point)
            if refusal is not None:
                return refusal
            self._keep(point.origin, asked.checkpoint)
        return Answer(200, str(cosign(note.text, self._key, self._seconds())))

    def _refusal(self, asked: Request, point: Checkpoint) -> Answer | None:
        last = self.latest(point.origin) or Checkpoint(point.origin, 0, EMPTY_ROOT)
        conflict = Answer(409, f"{last.size}\n", SIZE)
        if asked.old != last.size or (last.size == point.size and last.root != point.root):
            return conflict
        try:
            check_consistency(last.size, point.size, last.root, point.root, asked.proof)
        except AuditError as fault:
            return Answer(422, f"{fault.problem}\n")
        return None

    def _keep(self, origin: str, checkpoint: bytes) -> None:
        path = self._path(origin)
        draft = path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(checkpoint)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(self._folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # Two processes on one folder must not cosign two histories.
        try:
            with (self._folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as fault:
            raise AuditError(f"the witness cannot keep its state: {fault.strerror}", "Check its disk.") from fault

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
