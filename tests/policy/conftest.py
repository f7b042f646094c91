import pytest

from countenance.policy.gate import Gate


@pytest.fixture(scope="session")
def gate() -> Gate:
    return Gate.load()
