"""Fixtures that every room may use."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest
from coverage import Coverage
from playwright.sync_api import Browser, sync_playwright
from tests.postgres_server import Server, running

from countenance.storage.store import Store
from countenance.testing.sample_call.make import SampleCall, make_sample_call

ROOT = Path(__file__).parents[1]
CHROMIUM = Path(os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium"))
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# The rooms that have little to do with the packages that `[tool.coverage.run]` names, and run much Python code.
ELSEWHERE = (
    "capture clients docs encoders evaluation faults inference release server/pages surface testing training "
    "test_analyze.py test_analyze_adapters.py"
)
UNCOUNTED = {ROOT / "tests" / room for room in ELSEWHERE.split()}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose lines are counted, then files that hold a slow test, then the others; of each kind the fullest first.

    `--dist loadfile` hands them out in this order: no long file is left for the end, when one process waits.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (not is_counted(item), item.path not in slow, -tests[item.path]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Lines are counted no longer once the counted files are through: it makes Python code run several times slower."""
    while not is_counted(item) and (counting := Coverage.current()) is not None:
        counting.stop()


def is_counted(item: pytest.Item) -> bool:
    """Whether the lines that a test runs through count for the coverage that is asked for."""
    return UNCOUNTED.isdisjoint((item.path, *item.path.parents)) and item.get_closest_marker("slow") is None


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
