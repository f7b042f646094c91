"""How a deployment coaches."""

from pathlib import Path

import pytest

from countenance.coaching.coach import never
from countenance.coaching.playbook import shipped
from countenance.coaching.settings import CoachingTable, manner_of, quiet_of
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US
from countenance.inference.tables import checked

HOUR_US = 3600 * SECOND_US


def table(**keys: object) -> CoachingTable:
    return checked(CoachingTable, keys, "test")


@pytest.mark.parametrize(("hours", "quiet"), [(0, False), (1, True), (10, True), (11, True), (12, True), (15, False)])
def test_quiet_hours_are_those_of_the_place_and_pass_midnight(hours: int, quiet: bool) -> None:
    berlin = table(quiet=["18:00-08:00"], timezone="Europe/Berlin")
    assert quiet_of(berlin, "2026-11-23T16:00:00Z")(hours * HOUR_US) is quiet  # 17:00 in Berlin


def test_a_stretch_within_the_day_is_quiet_to_its_end() -> None:
    lunch = quiet_of(table(quiet=["12:00-13:00"]), "2026-11-23T11:59:59Z")
    assert [lunch(second * SECOND_US) for second in (0, 1, 3600, 3601)] == [False, True, True, False]


def test_a_playbook_of_ones_own_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    whole = (shipped()["sales.v1"]).read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(whole.replace("sales.v1", "own.v1"), encoding="utf-8")
    book = table(file="own.toml").below(tmp_path).book
    assert book is not None
    assert book.name == "own.v1"
    assert table().below(tmp_path).book is None
    with pytest.raises(UsageError, match="cannot be read"):
        _ = table(file="none.toml").below(tmp_path).book


def test_where_nobody_knows_when_a_call_began_no_hour_is_quiet() -> None:
    assert quiet_of(table(quiet=["00:00-23:59"]), None) is never
    assert quiet_of(table(), "2026-11-23T16:00:00Z") is never


def test_a_call_may_choose_its_own_language() -> None:
    manner = manner_of(table(playbook="sales", language="de", off=["long_silence"]), "seed", None)
    assert manner.language == "de"
    assert manner.disabled == frozenset({"long_silence"})
    assert manner_of(table(), "seed", None, "fr").language == "fr"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"playbok": "sales"}, "Did you mean playbook?"),
        ({"playbook": "saels"}, "Did you mean sales?"),
        ({"playbook": "sales", "file": "own.toml"}, "one playbook"),
        ({"quiet": ["6pm-8am"]}, "write 18:00-08:00"),
        ({"timezone": "Europe/Berln"}, "Europe/Berlin"),
        ({"limits": {"per_hou": 3}}, "Did you mean per_hour?"),
    ],
)
def test_what_is_wrong_is_named(keys: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        table(**keys)
