import asyncio
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest
from tests.postgres_server import Server
from tests.server.stage import MODELS, Stage

from countenance.contracts.errors import PolicyError, StorageError
from countenance.control.health import Health
from countenance.control.opening import open_tenant
from countenance.control.retention import Kept, Retention
from countenance.server import opening
from countenance.server.app import create_app
from countenance.server.config import Config
from countenance.server.opening import drain, keys_of, opened, place_of, worker_count
from countenance.server.tenancy import Site
from countenance.storage.clocks import SystemClock


def a_config(folder: Path, **more: object) -> Config:
    return Config.model_validate({"data": {"folder": folder}, "tenant": {"one": {}, "two": {}}, **more})


def a_site(folder: Path, **more: object) -> Site:
    return Site.of(a_config(folder, **more), SystemClock())


async def test_every_tenant_has_a_store_a_log_and_keys_of_its_own(tmp_path: Path) -> None:
    site, stage = a_site(tmp_path), Stage()
    async with opened(site, stage.open):
        one, two = site.tenants["one"], site.tenants["two"]
        assert one.tenant.log.key.verifier != two.tenant.log.key.verifier
        assert one.tenant.keys.folder == tmp_path / "one" / "keys"
        assert site.models == MODELS
        assert site.workers() == 1
        kinds = [entry.kind for entry in one.tenant.log.entries()]
        assert kinds[:3] == ["CONFIG", "POLICY_LOAD", "MODEL_LOAD"]
    assert (tmp_path / "two" / "store.sqlite").exists()


async def test_calls_end_before_the_workers_and_the_stores_are_free_again(tmp_path: Path) -> None:
    site, stage = a_site(tmp_path), Stage()
    async with opened(site, stage.open):
        pass
    assert stage.ended == ["ended", "ended"]
    assert not stage.running
    for name in ("one", "two"):
        open_tenant(tmp_path / name, name).store.close()


async def test_a_store_that_is_taken_stops_the_start_and_leaves_nothing_open(tmp_path: Path) -> None:
    with open_tenant(tmp_path / "two", "two"):
        with pytest.raises(StorageError, match="another process"):
            async with opened(a_site(tmp_path), Stage().open):
                pass
        open_tenant(tmp_path / "one", "one").store.close()


async def test_a_law_file_that_is_wrong_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("x = 1\n", encoding="utf-8")
    site = a_site(tmp_path, tenant={"one": {"overlays": [tmp_path / "own.toml"]}})
    with pytest.raises(PolicyError):
        async with opened(site, Stage().open):
            pass


async def test_every_second_is_ticked_and_a_fault_of_one_tenant_is_not_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "TICK_S", 0.001)
    site, ticked = a_site(tmp_path), asyncio.Event()

    def broken() -> None:
        raise StorageError("the disk is full", "Make room.")

    loop = asyncio.get_running_loop()
    async with opened(site, Stage().open):
        monkeypatch.setattr(site.tenants["one"].control, "tick", broken)
        well = site.tenants["two"].control.health()

        def ticking() -> Health:
            loop.call_soon_threadsafe(ticked.set)
            return well

        monkeypatch.setattr(site.tenants["two"].control, "tick", ticking)
        async with asyncio.timeout(10):
            await ticked.wait()


async def test_that_a_store_cannot_be_written_is_said_once_and_when_it_can_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opening, "TICK_S", 0.001)
    caplog.set_level("INFO", "countenance.server")
    site, done = a_site(tmp_path), asyncio.Event()
    loop = asyncio.get_running_loop()
    async with opened(site, Stage().open):
        well = site.tenants["one"].control.health()
        left = [replace(well, writes=writes) for writes in (True, True, False, False, True)]

        def ticking() -> Health:
            if not left:
                loop.call_soon_threadsafe(done.set)
            return left.pop() if left else well

        monkeypatch.setattr(site.tenants["one"].control, "tick", ticking)
        async with asyncio.timeout(10):
            await done.wait()
    said = [(one.levelname, one.message.split(":")[0]) for one in caplog.records if "store can" in one.message]
    assert said == [("ERROR", "the store cannot be written"), ("WARNING", "the store can be written again")]


async def test_regular_work_that_ends_by_itself_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "TICK_S", 0.001)
    site = a_site(tmp_path)

    def broken() -> None:
        raise ZeroDivisionError

    async with opened(site, Stage().open):
        assert not site.broken
        monkeypatch.setattr(site.tenants["one"].control, "tick", broken)
        async with asyncio.timeout(10):
            while not site.broken:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_every_tenant_of_a_database_sees_its_own_rows(tmp_path: Path, postgres: Server) -> None:
    data = {"url": postgres.url(), "keys": tmp_path / "keys", "folder": tmp_path}
    names = [f"t{token_hex(4)}" for _ in range(2)]
    config = Config.model_validate({"data": data, "tenant": {name: {} for name in names}})
    site = Site.of(config, SystemClock())
    async with opened(site, Stage().open):
        one, two = (site.tenants[name].tenant for name in names)
        assert one.log.key.verifier != two.log.key.verifier
        assert {entry.tenant for entry in one.log.entries()} == {names[0]}
        assert {entry.tenant for entry in two.log.entries()} == {names[1]}


async def test_what_is_due_is_deleted_without_anybody_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FIRST_S", 0.001)
    site, ran, loop = a_site(tmp_path), asyncio.Event(), asyncio.get_running_loop()
    run, days = Retention.run, list[int]()

    def noted(retention: Retention) -> Kept:
        kept = run(retention)
        days.append(retention._log_days)
        loop.call_soon_threadsafe(ran.set)
        return kept

    monkeypatch.setattr(Retention, "run", noted)
    async with opened(site, Stage().open):
        async with asyncio.timeout(10):
            await ran.wait()
    assert days[0] == 183


async def test_draining_begins_nothing_and_ends_calls(tmp_path: Path) -> None:
    site, stage = a_site(tmp_path), Stage()
    async with opened(site, stage.open):
        assert site.live_calls() == 2
        await drain(site)
        assert site.draining
        assert site.live_calls() == 0


async def test_a_call_that_does_not_end_does_not_hold_up_the_others_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, stage = a_site(tmp_path), Stage(faulty=True)
    async with opened(site, stage.open):
        await drain(site)
        assert site.live_calls() == 2


def test_the_application_opens_and_closes_with_its_lifespan(tmp_path: Path) -> None:
    async def run() -> None:
        site, stage = a_site(tmp_path), Stage()
        app = create_app(site, stage.open)
        async with app.router.lifespan_context(app):
            assert stage.running
        assert not stage.running

    asyncio.run(run())


def test_a_database_and_a_folder_of_keys_can_be_elsewhere(tmp_path: Path) -> None:
    data = Config.model_validate({"data": {"url": "postgresql://db/x", "keys": tmp_path}}).data
    assert place_of(data, "one") == "postgresql://db/x"
    assert keys_of(data, "one") == tmp_path / "one"


def test_a_core_is_left_for_the_control_plane(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((8, 7), (1, 1), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert worker_count(Config()) == workers
    assert worker_count(Config.model_validate({"workers": {"count": 3}})) == 3
