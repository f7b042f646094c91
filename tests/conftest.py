"""Fixtures that every room may use."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright
from tests.postgres_server import Server, running

from countenance.storage.store import Store
from countenance.testing.sample_call.make import SampleCall, make_sample_call

ROOT = Path(__file__).parents[1]
CHROMIUM = Path(os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium"))
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# How fast a machine is, is no property of the code.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold a slow test, then the others; of each kind the fullest first.

    `--dist loadfile` hands them out in this order: no long file is left for the end, when one process waits.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -tests[item.path]))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data beside the checkout; tests that need it skip by name where it is absent."""
    folder = Path(os.environ.get("COUNTENANCE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data is not beside the checkout ({folder.name}/data)")
    return folder


@pytest.fixture(scope="session")
def sample_call(tmp_path_factory: pytest.TempPathFactory) -> SampleCall:
    """The sample call, drawn and spoken once for all tests."""
    return make_sample_call(tmp_path_factory.mktemp("sample") / "call")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; tests that need it skip by name where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; set COUNTENANCE_CHROMIUM")
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield started
        started.close()


@dataclass(frozen=True)
class Place:
    """Where a test keeps a store: a folder, or a tenant of its own in a real PostgreSQL."""

    where: Path | str
    tenant: str

    def open(self) -> Store:
        return Store.open(self.where, self.tenant)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; tests that need it skip by name where it is not installed."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Every test that asks for this runs on both engines."""
    if request.param == "sqlite":
        return Place(tmp_path / "store", "acme")
    server: Server = request.getfixturevalue("postgres")
    return Place(server.url(), f"acme-{token_hex(4)}")
