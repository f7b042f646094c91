"""Fixtures that every room may use."""

import os
from pathlib import Path

import pytest

from countenance.testing.sample_call.make import SampleCall, make_sample_call

ROOT = Path(__file__).parents[1]


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
