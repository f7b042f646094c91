"""The same media give the same readings, live and recorded."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.capture.playing import PacedConnector
from countenance.capture.replay import ReplayConnector
from countenance.contracts.media import SECOND_US
from countenance.deployment import read_deployment
from countenance.testing.sample_call.make import SampleCall

DAY = date(2026, 11, 22)


class Watch:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us

    async def sleep(self, seconds: float) -> None:
        self.us += max(1, round(seconds * SECOND_US))


def silent(done_us: int, total_us: int) -> None:
    pass


@pytest.mark.slow
def test_a_call_played_live_is_read_exactly_as_its_recording(sample_call: SampleCall, tmp_path: Path) -> None:
    job, watch = assemble(read_deployment(sample_call.deployment), DAY), Watch()
    assert isinstance(job.connector, ReplayConnector)
    analyse(job, tmp_path / "recorded", silent)
    analyse(replace(job, connector=PacedConnector(job.connector, watch, sleep=watch.sleep)), tmp_path / "live", silent)
    assert watch.us > 60 * SECOND_US, "it was played at its own speed"
    for name in ("readings.jsonl", "events.jsonl"):
        assert (tmp_path / "live" / name).read_bytes() == (tmp_path / "recorded" / name).read_bytes(), name
    assert told(tmp_path / "live") == told(tmp_path / "recorded")


def told(report: Path) -> dict[str, object]:
    """The summary, but for the log and the machine it was made by: no two logs are equal."""
    summary: dict[str, object] = json.loads((report / "summary.json").read_text())
    return {key: value for key, value in summary.items() if key not in ("audit", "processing")}
