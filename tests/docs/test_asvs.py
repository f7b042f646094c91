"""Every requirement of ASVS 5.0.0, levels 1 and 2, has tests that exist, an exception, or a reason not to apply."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from bench.asvs import CHAPTERS, PAGE, Requirement, automated, page, requirements

LEVELS = {1: 70, 2: 183}
"""How many requirements ASVS 5.0.0 has of each level."""
IN_CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
GOAL = 0.9


@cache
def names(path: Path) -> frozenset[str]:
    """The tests of a file, none of which is run for that."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in found if node.name.startswith("test_"))


def test_every_id_is_one_of_the_standard_and_stands_once() -> None:
    rows = requirements()
    assert all(re.fullmatch(r"[1-9]\d?\.[1-9]\.[1-9]\d?", one.id) for one in rows)
    places = [tuple(map(int, one.id.split("."))) for one in rows]
    assert places == sorted(set(places))
    assert Counter(one.level for one in rows) == LEVELS
    assert Counter(one.chapter for one in rows) == IN_CHAPTERS
    assert set(IN_CHAPTERS) == set(CHAPTERS)


def test_each_has_tests_or_an_exception_or_does_not_apply() -> None:
    for one in requirements():
        assert re.fullmatch(r"[^|\n]{10,139}\.", one.asks), one.id
        assert [bool(one.tests), bool(one.exception), bool(one.reason)].count(True) == 1, one.id
        assert one.applies == (not one.reason), one.id
        assert not one.exception or len(one.exception) > 60, one.id


def test_every_test_that_is_named_exists(root: Path) -> None:
    for one in requirements():
        assert len(set(one.tests)) == len(one.tests), one.id
        for test in one.tests:
            file, _, name = test.partition("::")
            assert file.startswith("tests/"), test
            assert name in names(root / file), (one.id, test)


def test_nine_of_ten_that_apply_have_tests() -> None:
    rows = requirements()
    assert automated(rows) >= GOAL
    assert automated([Requirement("1.1.1", 1, "", applies=True), Requirement("1.1.2", 1, "", True, ("a",))]) == 0.5


def test_the_page_is_what_the_command_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
