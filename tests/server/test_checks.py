import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from countenance.contracts.errors import UsageError
from countenance.server import checks
from countenance.server.checks import Finding, findings
from countenance.server.config import Config
from countenance.server.configfile import Loaded


def found(check: Callable[..., object], **told: object) -> dict[str, Finding]:
    """What one check says of a configuration, by name."""
    said: list[Finding] = list(check(Config.model_validate(told)))  # type: ignore[call-overload]
    return {one.name: one for one in said}


def test_an_old_python_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 10, 4))
    finding = found(checks.python)["python"]
    assert (finding.state, finding.detail) == ("fault", "3.10.4")
    assert "3.11" in finding.fix


def test_a_missing_package_names_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "requires", lambda _: ["numpy>=2", "not-here-at-all>=1", 'x>=1; extra == "train"'])
    finding = found(checks.packages)["packages"]
    assert (finding.state, finding.detail, finding.fix) == ("fault", "1 of 2", "Run `pip install not-here-at-all`.")


def test_an_extra_that_is_configured_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda _: None)
    told = {"otel": {"endpoint": "http://c:4318"}, "data": {"url": "postgresql://x/y"}}
    said = found(checks.packages, **told)
    assert {name for name, one in said.items() if one.state == "fault"} == {"otel", "postgres"}
    assert said["otel"].fix == 'Run `pip install "countenance[otel]"`.'


def test_a_full_disk_is_told_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((1 << 31, "ok"), (1 << 29, "note"), (1 << 20, "fault")):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        said = found(checks.data, data={"folder": tmp_path / "new"})
        assert (said["data"].state, said["disk"].state) == ("ok", state)
        assert bool(said["disk"].fix) == (state != "ok")


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = found(checks.data, data={"folder": tmp_path / "file"})
    assert said["data"].state == "fault"
    assert "disk" not in said


def test_a_clock_before_the_laws_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Then":
            return cls(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(checks, "datetime", Then)
    assert found(checks.clock)["clock"].state == "fault"


def test_a_port_that_is_taken_and_an_address_without_tls_are_noted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = found(checks.network, server={"port": taken.getsockname()[1]})
    assert said["port"].state == "note"
    assert "tls" not in said
    assert found(checks.network, server={"host": "0.0.0.0", "port": 0})["tls"].state == "note"


def test_a_certificate_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    told = {"port": 0, "tls_certificate": tmp_path / "none.crt", "tls_key": tmp_path / "none.key"}
    assert found(checks.network, server=told)["tls"].state == "fault"


def test_programs_that_are_not_there_are_only_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    said = found(checks.machine)
    assert (said["ffmpeg"].state, said["chromium"].state, said["workers"].state) == ("note", "note", "ok")


def test_who_says_who_asks_has_no_note(tmp_path: Path) -> None:
    terms = {"controllers": ["A"], "contact": "b@example.org", "storage_locations": ["EU"]}
    assert "terms" not in found(checks.policy, deployment={"terms": terms})
    (tmp_path / "own.toml").write_text("x = 1\n", encoding="utf-8")
    said = list(findings(lambda: Loaded(Config.model_validate({"deployment": {"overlays": [tmp_path / "own.toml"]}}))))
    assert next(one.state for one in said if one.name == "policy") == "fault"


def test_a_configuration_that_cannot_be_read_hides_nothing_else() -> None:
    def load() -> Loaded:
        raise UsageError("no such key", "Mend it.")

    first, *rest = findings(load)
    assert (first.name, first.state, first.fix) == ("configuration", "fault", "Mend it.")
    assert {"python", "weights", "policy", "clock"} <= {one.name for one in rest}
