"""What lies in deploy/ fits the service: metrics by their names, units that systemd takes, fields of the log."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from countenance.link.logs import FIELDS
from countenance.server.config import ServerTable
from countenance.server.gathering import REASONS
from countenance.server.metrics import Metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALERTS = (DEPLOY / "alerts.yml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def metrics_there_are() -> set[str]:
    """Names as Prometheus sees them, from the descriptions: a metric with labels has no sample before its first."""
    metrics = Metrics(exporting=True)
    metrics.watch(lambda: (), int, int)
    metrics.inference_latency.labels("audit")
    return set(re.findall(r"^(?:# TYPE )?(countenance_\w+)", metrics.text().decode(), flags=re.MULTILINE))


def test_every_metric_of_an_alert_is_one_of_the_service() -> None:
    named = set(re.findall(r"countenance_\w+", re.sub(r"summary:.*|action:.*", "", ALERTS)))
    assert len(named) >= 5
    assert not named - metrics_there_are()


def test_every_value_of_a_label_in_an_alert_is_one_of_the_service() -> None:
    reasons = re.findall(r'reason=~"([a-z|_]+)"', ALERTS)
    assert reasons
    assert all(set(one.split("|")) <= REASONS for one in reasons)


def test_every_alert_says_what_it_means_and_what_to_do_and_stands_on_the_page() -> None:
    names = re.findall(r"- alert: (\w+)", ALERTS)
    assert ALERTS.count("summary:") == ALERTS.count("action:") == len(names)
    assert all(f"`{name}`" in PAGE for name in names)


def test_a_drain_ends_before_systemd_loses_patience() -> None:
    unit = (DEPLOY / "countenance.service").read_text(encoding="utf-8")
    match = re.search(r"^TimeoutStopSec=(\d+)$", unit, flags=re.MULTILINE)
    assert match is not None
    assert int(match[1]) > ServerTable().drain_seconds + 10


def test_the_page_lists_every_field_of_a_log_line() -> None:
    assert all(f"`{name}`" in PAGE for name in FIELDS)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")):
        text = unit.read_text(encoding="utf-8").replace("/opt/countenance/bin/countenance", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "verify", *sorted(map(str, tmp_path.iterdir()))], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if "countenance" in line]
    assert (done.returncode, said) == (0, [])
