"""A service that exports its own log: at its start, so often, after an erasure, and when it ends."""

import asyncio
from pathlib import Path

import pytest
from tests.server.stage import Stage

from countenance.audit.export import Cosign, export
from countenance.audit.folder import LogFolder
from countenance.audit.log import Log
from countenance.audit.note import COSIGNATURE, SigningKey
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.errors import AuditError
from countenance.server import exporting
from countenance.server.config import Config
from countenance.server.opening import opened
from countenance.server.tenancy import Site
from countenance.storage.clocks import SystemClock

GAUGE = "countenance_audit_export_timestamp_seconds"


def a_site(folder: Path, out: Path | None, *tenants: str) -> Site:
    named: dict[str, dict[str, str]] = {name: {} for name in tenants or ("one",)}
    told = {"data": {"folder": folder}, "tenant": named, "audit": {"export": out}}
    return Site.of(Config.model_validate(told), SystemClock())


class Exports:
    """Lets a test wait for the next export, and break one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop, self.made, self.broken = asyncio.get_running_loop(), asyncio.Queue[str](), False
        monkeypatch.setattr(exporting, "export", self)

    def __call__(self, log: Log, folder: Path, cosign: Cosign) -> int:
        if self.broken:
            self.loop.call_soon_threadsafe(self.made.put_nowait, "broken")
            raise AuditError("the log cannot be exported: No space left on device", "Make room.")
        size = export(log, folder, cosign=cosign)
        self.loop.call_soon_threadsafe(self.made.put_nowait, folder.name)
        return size

    async def next(self) -> str:
        async with asyncio.timeout(20):
            return await self.made.get()


async def test_the_export_is_whole_at_the_start_and_at_the_end(tmp_path: Path) -> None:
    site = a_site(tmp_path / "data", tmp_path / "out", "one", "two")
    async with opened(site, Stage().open):
        log = site.tenants["two"].tenant.log
        key = log.key.verifier
    for name in ("one", "two"):
        assert (tmp_path / "out" / name / "checkpoint").is_file()
    found = verify(LogFolder(tmp_path / "out" / "two"), Policy.trusting(key))
    assert found.point.size == 3
    assert not found.findings


async def test_what_is_wanted_is_exported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = Exports(monkeypatch)
    site = a_site(tmp_path / "data", tmp_path / "out")
    async with opened(site, Stage().open):
        assert await exports.next() == "one"
        services = site.tenants["one"]
        assert services.exporting is not None
        services.tenant.log.append("CONFIG", {"software": "x"})
        services.exporting.wanted.set()
        assert await exports.next() == "one"
        assert (tmp_path / "out" / "one" / "checkpoint").read_text().splitlines()[1] == "4"


async def test_an_export_that_fails_is_said_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(exporting, "AGAIN_S", 0.001)
    exports = Exports(monkeypatch)
    exports.broken = True
    site = a_site(tmp_path / "data", tmp_path / "out")
    async with opened(site, Stage().open):
        assert await exports.next() == "broken"
        assert f"{GAUGE} 0.0" in site.metrics.text().decode()
        exports.broken = False
        while await exports.next() == "broken":
            pass
    assert "the log cannot be exported" in caplog.text
    assert f"{GAUGE} 1." in site.metrics.text().decode()


async def test_where_no_folder_is_configured_nothing_is_exported_or_measured(tmp_path: Path) -> None:
    site = a_site(tmp_path / "data", None)
    async with opened(site, Stage().open):
        assert site.tenants["one"].exporting is None
    assert GAUGE not in site.metrics.text().decode()


async def test_witnesses_that_do_not_cosign_are_said_and_the_export_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    witness = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE).verifier
    policy, out = tmp_path / "trust.policy", tmp_path / "out"
    for quorum, said in (("none", "witnesses did not cosign the log"), ("w1", "the log cannot be exported")):
        policy.write_text(f"witness w1 {witness} http://127.0.0.1:1\nquorum {quorum}\n", encoding="utf-8")
        site = Site.of(
            Config.model_validate(
                {"data": {"folder": tmp_path / quorum}, "audit": {"export": out, "witnesses": policy}}
            ),
            SystemClock(),
        )
        async with opened(site, Stage().open):
            pass
        assert said in caplog.text
    assert (out / "local" / "checkpoint").is_file()


def test_witnesses_without_an_export_have_nothing_to_see(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name a folder with `export` too"):
        Config.model_validate({"audit": {"witnesses": tmp_path / "trust.policy"}})
