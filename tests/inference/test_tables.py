from pathlib import Path

import pytest

from countenance.contracts.errors import UsageError
from countenance.inference.tables import Table, checked, near, read_table


class Inner(Table):
    height: int = 0


class Outer(Table):
    inner: tuple[Inner, ...] = ()
    single: Inner | None = None
    title: str = ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"titel": "x"}, "unknown key 'titel' (titel). Did you mean title?"),
        ({"inner": [{"hight": 1}]}, "unknown key 'hight' (inner.0.hight). Did you mean height?"),
        ({"single": {"hight": 1}}, "unknown key 'hight' (single.hight). Did you mean height?"),
        ({"zzz": 1}, "Known: inner, single, title."),
    ],
)
def test_an_unknown_key_names_the_nearest_of_its_own_table(data: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(Outer, data, "own.toml")
    assert str(caught.value).startswith("own.toml: ")
    assert words in str(caught.value)


def test_a_wrong_value_names_its_key_and_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"own: inner\.0\.height: .* Give metres\."):
        checked(Outer, {"inner": [{"height": "tall"}]}, "own", "Give metres.")


def test_a_file_that_is_not_there_or_no_toml_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(Outer, tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("title = ", encoding="utf-8")
    with pytest.raises(UsageError, match="not valid TOML"):
        read_table(Outer, broken)
    good = tmp_path / "good.toml"
    good.write_text('title = "a"\n[[inner]]\nheight = 2\n', encoding="utf-8")
    assert read_table(Outer, good) == Outer(inner=(Inner(height=2),), title="a")


def test_nothing_near_lists_all_that_is_known() -> None:
    assert near("x", ["beta", "alpha"]) == "Known: alpha, beta."
