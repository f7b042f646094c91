import re
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.evaluation.made import about, report

from countenance.evaluation.assess import assess
from countenance.evaluation.page import render
from countenance.evaluation.report import Identities, Report
from countenance.evaluation.scores import Kind, Scores


class Tree(HTMLParser):
    VOID = ("meta", "link", "br", "input", "img", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.styled = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.styled += any(name == "style" or name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def multilabel() -> Report:
    rng = np.random.default_rng(0)
    said = rng.random((300, 2))
    scores = Scores(
        kind=Kind.MULTILABEL,
        ids=np.arange(300).astype(str),
        labels=("confusion", "frustration"),
        probabilities=said,
        targets=(rng.random((300, 2)) < said).astype(float),
        protocol="made",
    )
    return assess(about(), scores, scores, repeats=50)


def outcome() -> Report:
    found = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, 0.0]] * 60)
    scores = Scores(
        kind=Kind.OUTCOME,
        ids=np.arange(180).astype(str),
        labels=("found", "firing"),
        probabilities=found,
        targets=np.full((180, 2), np.nan),
        protocol="made",
        slices={"race": np.array(["a", "b", ""] * 60)},
    )
    return assess(about(), scores, repeats=50)


def dimension() -> Report:
    rng = np.random.default_rng(0)
    told = rng.uniform(-1, 1, size=(100, 1))
    scores = Scores(
        kind=Kind.DIMENSION,
        ids=np.arange(100).astype(str),
        labels=("valence",),
        probabilities=told / 2,
        targets=told,
        protocol="made",
    )
    return assess(about(), scores, repeats=50)


@pytest.mark.parametrize("made", [report(), report(with_dev=False), multilabel(), outcome(), dimension()])
def test_the_page_is_whole_and_carries_no_script_and_no_inline_style(made: Report) -> None:
    tree = Tree()
    tree.feed(render(made))
    assert tree.open == []
    assert "script" not in tree.seen
    assert tree.styled == 0


def test_the_page_says_the_figures_their_intervals_and_knowing_nothing() -> None:
    made = report()
    page = render(made)
    one = made.metrics["accuracy"]
    assert one.low is not None
    assert one.high is not None
    assert one.majority is not None
    assert f"{one.value:.3f}" in page
    assert f"{one.low:.3f} to {one.high:.3f}" in page
    assert f"Knowing nothing: {one.majority:.3f}" in page


def test_groups_come_worst_first_and_say_who_judged_them() -> None:
    page = render(report())
    assert "Others judged or estimated the groups" in page
    assert "Not enough data to say anything, rows in brackets: gender few (20)." in page
    assert len(re.findall(r'<span class="quiet">gender</span> (?:woman|man)', page)) == 8


def test_stated_groups_are_said_to_be_stated() -> None:
    made = report()
    assert "People stated their groups themselves." in render(made.model_copy(update={"self_reported": True}))


def test_a_corpus_without_groups_is_no_pass() -> None:
    assert "That is a limit of the measurement, not a pass." in render(multilabel())


def test_every_chart_has_words_and_a_table() -> None:
    page = render(report())
    assert page.count('role="img" aria-label=') == 2
    assert page.count("As a table") == 2
    assert page.count("By group") == 2


def test_what_came_from_people_is_escaped() -> None:
    told = Identities(checked_against="<b>nothing</b>", shared=0)
    assert "<b>nothing</b>" not in render(report().model_copy(update={"identities": told}))


def test_a_figure_that_is_not_defined_is_said_so() -> None:
    made = outcome()
    lost = made.metrics["mean_found"].model_copy(update={"value": None, "low": None, "high": None})
    assert "not defined" in render(made.model_copy(update={"metrics": {**made.metrics, "mean_found": lost}}))
