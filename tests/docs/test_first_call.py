"""The page that leads from an empty folder to the first event does so, against the real service."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from countenance.testing.labelled_sample import make_labelled_sample

PAGE = Path(__file__).parents[2] / "docs" / "first-call.md"
PROGRAM = (sys.executable, "-c", "from countenance.cli import main; main()")
SERVE = ("serve", "--port", "0", "--workers", "1")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.slow
def test_from_an_empty_folder_to_the_first_event(tmp_path: Path) -> None:
    first, second, third = blocks("bash")
    (script,) = blocks("python")
    name = script.splitlines()[0].removeprefix("# ")
    assert third == f"python {name}\n"
    assert second.splitlines()[0] == "countenance data sample recordings"
    told = subprocess.run(
        (*PROGRAM, *shlex.split(first.replace("\\\n", " "))[1:]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "face, voice: after an express yes in writing" in told.stdout
    # All six calls take longer to draw than all the rest: the one that is played is enough.
    make_labelled_sample(tmp_path / "recordings", people=0)
    (tmp_path / name).write_text(script, encoding="utf-8")
    service = subprocess.Popen(
        (*PROGRAM, *SERVE), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert service.stdout is not None
        url, key = (service.stdout.readline().split()[-1] for _ in range(2))
        environ = {**os.environ, "COUNTENANCE_URL": url, "COUNTENANCE_KEY": key}
        done = subprocess.run(  # noqa: PLW1510 - what it says is asserted below
            (sys.executable, name), cwd=tmp_path, capture_output=True, text=True, env=environ, timeout=120
        )
    finally:
        service.terminate()
        service.communicate()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("face True express_written ")
    assert sum(line.startswith("io.countenance.consent.changed.v1") for line in lines) == 3
    assert any(line.startswith("io.countenance.signal.sample.v1") for line in lines)
    assert lines[-1].endswith("/summary")
