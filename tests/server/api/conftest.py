"""What the tests of the API share."""

from pathlib import Path

import pytest
from tests.server.api.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)
