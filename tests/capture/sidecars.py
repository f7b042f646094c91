"""The real sidecar of mediasoup in a real Node, on a router that is not real: ffmpeg sends where mediasoup would."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).parents[2] / "clients/mediasoup"
TOKEN = "a token of some length"


class Rehearsal:
    """A server with one room; people begin and end to produce at a word."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{self._answer()['port']}/countenance"

    def tell(self, **command: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def produce(self, name: str, participant: str | None, codec: str, **more: object) -> None:
        kind = "audio" if codec == "opus" else "video"
        self.tell(produce=name, participant=participant, kind=kind, codec=codec, **more)

    def senders(self) -> int:
        """How many streams are being sent."""
        return int(self.tell()["senders"])

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def rehearsal(mediasoup: str | None = None) -> Iterator[Rehearsal]:
    """Skips by name where there is no Node or no ffmpeg; `mediasoup` says where a real one is installed."""
    for program in ("node", "ffmpeg"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    words = ["node", "test/rehearsal.mjs"]
    rest = {name: value for name, value in os.environ.items() if name != "COUNTENANCE_MEDIASOUP"}
    there = rest if mediasoup is None else {**rest, "COUNTENANCE_MEDIASOUP": mediasoup}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, cwd=CLIENT, env=there, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield Rehearsal(process)
        finally:
            process.stdin.close()
            process.wait(10)
