"""R9: an entry that is not written is noticed."""

from pathlib import Path

import pytest
from bench.faults.mutants import Mutant, caught, mutants

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_the_pipeline_makes_every_kind_of_entry_that_a_call_needs() -> None:
    assert {mutant.kind for mutant in mutants()} >= {
        "CONFIG", "POLICY_LOAD", "MODEL_LOAD", "GATE", "NOTICE", "CONSENT", "OPT_OUT", "LEASE", "RESULT", "LEASE_CLOSE",
        "RECOVERY", "CLOCK_ANOMALY",
    }  # fmt: skip


def test_nothing_is_wrong_with_the_product_itself(tmp_path: Path) -> None:
    assert caught(None, tmp_path) == []


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_deleted_log_call_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    assert caught(mutant, tmp_path) != []
