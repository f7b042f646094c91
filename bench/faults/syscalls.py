"""What a process really asked of the disk: its writes, syncs, names and truncations, recorded with strace.

Bytes written to the file descriptor `TRUTH` are what the process has acknowledged; they stand in the same order.
"""

import ctypes
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TRUTH = 1
"""The file descriptor on which a recorded process says what it has acknowledged: its standard output."""

PR_SET_PTRACER = 0x59616D61

FOLDER = -1
"""Stands in place of a file's number in the name of a folder."""

CALLS = (
    "pwrite64,write,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,openat,mkdir,mkdirat,rmdir,"
    "lseek,close,pwritev,writev,fallocate,link,linkat,copy_file_range,sendfile"
)
UNKNOWN = {"pwritev", "writev", "fallocate", "link", "linkat", "copy_file_range", "sendfile"}
"""Calls this reader does not model: it refuses a trace that has one of them on a watched file."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put at an offset of a file; on the disk at some later time, or never."""

    file: int
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resize:
    """A file cut or stretched to a size."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything written to a file before the step `began` is on the disk."""

    file: int
    began: int


@dataclass(frozen=True, slots=True)
class FailedSync:
    """A sync that failed: what was written before it may be lost although later syncs succeed (as on Linux)."""

    file: int
    began: int


@dataclass(frozen=True, slots=True)
class SyncFolder:
    """The names in a folder are on the disk."""

    path: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name now stands for this file, or for nothing."""

    path: str
    file: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes the process acknowledged."""

    text: bytes


Step = Write | Resize | Sync | FailedSync | SyncFolder | Name | Said


def record(command: Sequence[str], folder: Path, out: Path, inject: Sequence[str] = ()) -> Sequence[Step]:
    """Run a command and return what it asked of the disk within `folder`; raises RuntimeError when it fails.

    `inject`: faults in strace's words, such as `fdatasync:error=EIO:when=5`.
    """
    strace = ["strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "4000000", "-o", str(out), "-e", f"trace={CALLS}"]
    faults = [word for fault in inject for word in ("-e", f"inject={fault}")]
    ran = subprocess.run([*strace, *faults, "--", *command], stdout=subprocess.PIPE, check=False)
    if ran.returncode:
        raise RuntimeError(f"the recorded process ended with {ran.returncode}: {' '.join(command)}")
    with out.open(encoding="ascii", errors="strict") as lines:
        return Reader(str(folder.resolve())).read(lines)


class Failing:
    """System calls of this very process fail, from the n-th on until it is healed: strace holds on to it meanwhile."""

    def __init__(self, call: str, error: str, nth: int) -> None:
        self._inject = f"inject={call}:error={error}:when={nth}+"
        self._call = call
        self._strace: subprocess.Popen[bytes] | None = None

    def fail(self) -> None:
        """From now on."""
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_long(-1), 0, 0, 0)
        traced = ["-e", f"trace={self._call}", "-e", self._inject, "-o", "/dev/null", "-p", str(os.getpid())]
        self._strace = subprocess.Popen(["strace", "-f", "-qqq", *traced])
        while not _traced():
            if self._strace.poll() is not None:
                raise RuntimeError("strace may not hold on to this process: see kernel.yama.ptrace_scope")
            time.sleep(0.005)

    def heal(self) -> None:
        """All is well again."""
        if self._strace is not None:
            self._strace.terminate()
            self._strace.wait()


def _traced() -> bool:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return "TracerPid:\t0\n" not in status


def available() -> bool:
    """Whether this machine has strace."""
    return shutil.which("strace") is not None


LINE = re.compile(r"(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)(.*)", re.DOTALL)
RESULT = re.compile(r"(.*)\) += (-?\d+)(.*)", re.DOTALL)


class Reader:
    """Turns lines of strace into steps; follows which name and which offset a file descriptor has."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._steps: list[Step] = []
        self._names: dict[str, int] = {}
        self._files = 0
        self._sizes: dict[int, int] = {}
        self._offsets: dict[tuple[str, str], int] = {}
        self._begun: dict[str, tuple[str, int]] = {}

    def read(self, lines: Iterator[str]) -> Sequence[Step]:
        """All steps, in order."""
        for line in lines:
            self._line(line.rstrip("\n"))
        return self._steps

    def _line(self, line: str) -> None:
        found = LINE.fullmatch(line)
        if found is None:
            return  # exits and signals
        process, call, resumed, rest = found.groups()
        began = len(self._steps)
        if rest.endswith("<unfinished ...>"):
            self._begun[process] = (rest.removesuffix("<unfinished ...>").rstrip(), began)
            return
        if resumed:
            call, (head, began) = resumed, self._begun.pop(process)
            rest = head + rest
        ended = RESULT.fullmatch(rest)
        if ended is None:
            return
        if int(ended[2]) < 0:
            if call in ("fsync", "fdatasync") and (file := self._names.get(_path(ended[1]))) is not None:
                self._steps.append(FailedSync(file, began))
            return
        self._call(process, call, ended[1].split(", "), int(ended[2]), began)

    def _call(self, process: str, call: str, words: list[str], result: int, began: int) -> None:
        match call:
            case "openat":
                self._open(process, words, str(result))
            case "write" | "pwrite64":
                self._write(process, call, words, result)
            case "lseek":
                self._offsets[process, _number(words[0])] = result
            case "close":
                self._offsets.pop((process, _number(words[0])), None)
            case "fsync" | "fdatasync":
                self._sync(_path(words[0]), began)
            case "ftruncate":
                if (file := self._names.get(_path(words[0]))) is not None:
                    self._resize(file, int(words[1]))
            case _ if call in UNKNOWN:
                if self._watched(_path(words[0])):
                    raise RuntimeError(f"the trace holds {call} on {_path(words[0])}, which is not modelled here")
            case _:
                self._rename_or_make(call, [_text(word) for word in words if word.startswith('"')])

    def _rename_or_make(self, call: str, paths: list[str]) -> None:
        match call:
            case "rename" | "renameat" | "renameat2":
                self._rename(*paths)
            case "unlink" | "unlinkat" | "rmdir":
                self._unlink(paths[0])
            case "mkdir" | "mkdirat" if self._watched(paths[0]) and paths[0] != self._root:
                self._steps.append(Name(paths[0], FOLDER))

    def _open(self, process: str, words: list[str], descriptor: str) -> None:
        path, flags = _text(words[1]), words[2]
        self._offsets[process, descriptor] = 0
        if not self._watched(path) or "O_DIRECTORY" in flags:
            return
        if path not in self._names and "O_CREAT" in flags:
            self._files += 1
            self._names[path], self._sizes[self._files] = self._files, 0
            self._steps.append(Name(path, self._files))
        elif path in self._names and "O_TRUNC" in flags:
            self._resize(self._names[path], 0)
        if path in self._names and "O_APPEND" in flags:
            self._offsets[process, descriptor] = self._sizes[self._names[path]]

    def _write(self, process: str, call: str, words: list[str], result: int) -> None:
        descriptor, path = _number(words[0]), _path(words[0])
        data = _bytes(words[1])[:result]
        if descriptor == str(TRUTH):
            self._steps.append(Said(data))
        file = self._names.get(path)
        if file is None:
            return
        key = (process, descriptor)
        at = int(words[3]) if call == "pwrite64" else self._offsets.get(key, 0)
        if call == "write":
            self._offsets[key] = at + result
        self._sizes[file] = max(self._sizes[file], at + len(data))
        self._steps.append(Write(file, at, data))

    def _sync(self, path: str, began: int) -> None:
        if (file := self._names.get(path)) is not None:
            self._steps.append(Sync(file, began))
        elif self._watched(path):
            self._steps.append(SyncFolder(path))

    def _resize(self, file: int, size: int) -> None:
        self._sizes[file] = size
        self._steps.append(Resize(file, size))

    def _rename(self, old: str, new: str) -> None:
        if (file := self._names.pop(old, None)) is not None:
            self._names[new] = file
            self._steps += [Name(old, None), Name(new, file)]

    def _unlink(self, path: str) -> None:
        if self._watched(path):
            self._names.pop(path, None)
            self._steps.append(Name(path, None))

    def _watched(self, path: str) -> bool:
        return path == self._root or path.startswith(self._root + "/")


def _number(word: str) -> str:
    return word.partition("<")[0]


def _path(word: str) -> str:
    """The path that strace writes behind a file descriptor; empty for a deleted file."""
    _, _, rest = word.partition("<")
    inner, _, tail = rest.rpartition(">")
    return "" if tail else _decoded(inner).decode()


def _text(word: str) -> str:
    return _bytes(word).decode()


def _bytes(word: str) -> bytes:
    if not word.endswith('"'):
        raise RuntimeError("strace cut a string short: raise its limit")
    return _decoded(word[1:-1])


def _decoded(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))
