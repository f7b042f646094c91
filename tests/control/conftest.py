from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.control.desks import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A tenant in a folder of its own."""
    made = Desk(tmp_path / "store")
    yield made
    made.store.close()
