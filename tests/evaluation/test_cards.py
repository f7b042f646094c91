"""Model cards: everything measured is there, everything only an operator knows is marked, nothing is claimed."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.gate_cases import made_report, made_scores, nested

from countenance.contracts.errors import EvaluationError, UsageError
from countenance.evaluation.cards.artefacts import Artefacts, LawWords, Sentence, gather
from countenance.evaluation.cards.compose import compose, demand_complete
from countenance.evaluation.cards.document import TO_BE_FILLED, Bands, Sheet
from countenance.evaluation.cards.fairness import fairness
from countenance.evaluation.cards.groups import distance, of_report
from countenance.evaluation.cards.html import html, plot
from countenance.evaluation.cards.markdown import markdown, plain
from countenance.evaluation.cards.operator import blank_operator, read_operator
from countenance.evaluation.cards.skeleton import skeleton
from countenance.evaluation.report import write_report

ROOT = Path(__file__).parents[2]
FINDER = ROOT / "src/countenance/models/face-finder.v1"
BUNDLES = [
    *sorted((ROOT / "src/countenance/models").glob("*.v*")),
    *sorted((ROOT / "research/src/countenance_research/models").glob("*.v*")),
]
LAW = LawWords(
    refused=(Sentence("nobody is hired by it", "charter", "everywhere"),),
    allowed=(Sentence("customers, with consent", "some law", "EU"),),
    required=(Sentence("people are told", "some law", "EU"),),
)
KEYS = [field.key for field in skeleton().field]
HOSTILE = '<script>alert("x")</script> | [a](javascript:b) `'


@pytest.fixture(name="finder", scope="module")
def gathered() -> Artefacts:
    return gather(FINDER)


@pytest.fixture(name="filled", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("operator") / "operator.toml"
    path.write_text("".join(f'{key} = "said of {key}"\n' for key in KEYS), encoding="utf-8")
    return path


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_every_shipped_bundle_has_a_card_with_every_part_filled(folder: Path) -> None:
    found = gather(folder)
    document = compose(found, LAW, {})
    text = markdown(document)
    assert found.card.files["model.onnx"] in text
    for sentence in (*found.card.limits, found.card.data["demographics"], found.card.data["train"]):
        assert plain(sentence) in text
    for row in found.rows:
        assert plain(row.holder) in text
    for figure in found.card.figures:
        assert f"{figure.value:.3f}" in text
    assert all(part.blocks for section in document.sections for part in section.parts)
    assert [section.number for section in document.sections] == list(range(1, 10))


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_every_metric_of_a_shipped_card_is_explained(folder: Path) -> None:
    for figure in gather(folder).card.figures:
        assert skeleton().meaning(figure.metric.partition(",")[0]), figure.metric


def test_no_card_says_that_it_proves_conformity(finder: Artefacts) -> None:
    text = markdown(compose(finder, LAW, {}))
    assert "proves no conformity" in text
    assert "no declaration and no proof of conformity" in text
    assert not re.search(r"\b(?:compliant|certified|conforms|is in conformity|approved by)\b", text, re.IGNORECASE)


def test_every_operator_field_stands_in_the_document_once_and_is_marked_open(finder: Artefacts) -> None:
    document = compose(finder, LAW, {})
    assert sorted(one.key for one in document.missing) == sorted(KEYS)
    assert len(set(KEYS)) == len(KEYS)
    for text in (markdown(document), html(document)):
        assert text.count(TO_BE_FILLED) == len(KEYS)


def test_strict_names_every_open_field(finder: Artefacts) -> None:
    with pytest.raises(EvaluationError) as caught:
        demand_complete(compose(finder, LAW, {"provider.name": "Somebody"}))
    assert caught.value.exit_code == 1
    assert "provider.name" not in caught.value.problem
    assert all(key in caught.value.problem for key in KEYS if key != "provider.name")


def test_a_filled_operator_file_leaves_nothing_open(finder: Artefacts, filled: Path) -> None:
    document = compose(finder, LAW, read_operator(filled))
    demand_complete(document)
    text = markdown(document)
    assert TO_BE_FILLED not in text
    assert all(f"said of {key}" in text for key in KEYS)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[provider]\nnam = "x"\n', "Did you mean provider.name"),
        ('[providr]\nname = "Somebody"\n', "Did you mean provider.name"),
        ('[provider]\nname = ""\n', "says nothing"),
        ('[provider]\nname = "TODO"\n', "says nothing"),
        ("[provider]\nname = 3\n", "says nothing"),
        (f'[provider]\nname = "{TO_BE_FILLED}"\n', "says nothing"),
        ("[provider\n", "not valid TOML"),
    ],
)
def test_an_operator_file_that_is_wrong_says_where(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "operator.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(wrong)):
        read_operator(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_operator(tmp_path / "gone.toml")


def test_the_blank_operator_file_holds_every_key_and_says_nothing(tmp_path: Path) -> None:
    blank = blank_operator()
    path = tmp_path / "operator.toml"
    path.write_text(blank, encoding="utf-8")
    assert read_operator(path) == {}
    unhashed = re.sub(r"^# (\w+ = )\"\"", r'\1"said"', blank, flags=re.MULTILINE)
    told = tomllib.loads(unhashed)
    assert sorted(f"{head}.{key}" for head, table in told.items() for key in table) == sorted(KEYS)


def test_words_of_an_operator_run_nothing_and_break_no_table(finder: Artefacts) -> None:
    document = compose(finder, LAW, dict.fromkeys(KEYS, HOSTILE))
    page, text = html(document), markdown(document)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<script" not in text.replace("\\<", "")
    assert "](javascript" not in text.replace("]\\(", "")


def test_the_page_asks_nothing_of_any_network(finder: Artefacts) -> None:
    page = html(compose(finder, LAW, {}))
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:script|link|img|iframe)\b|\bstyle=", page)


@given(st.text())
def test_words_stay_on_one_line_and_in_their_cell(words: str) -> None:
    shown = plain(words)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<>]", re.sub(r"(?<!\\)`[^`]*`", "", shown))


def test_measurements_of_other_weights_are_refused(tmp_path: Path) -> None:
    report = made_report(made_scores()).model_copy(update={"bundle": "face-finder.v1"})
    write_report(report, tmp_path / "metrics.json")
    with pytest.raises(EvaluationError, match="other weights"):
        gather(FINDER, tmp_path / "metrics.json")


def test_groups_stand_worst_first_with_interval_and_small_ones_without_a_conclusion(tmp_path: Path) -> None:
    sha = gather(FINDER).card.files["model.onnx"]
    report = made_report(made_scores(nested("south", 0.5))).model_copy(
        update={"bundle": "face-finder.v1", "sha256": sha}
    )
    write_report(report, tmp_path / "metrics.json")
    found = gather(FINDER, tmp_path, tmp_path)
    (bands,) = [block for block in of_report(report) if isinstance(block, Bands) and block.metric == "accuracy"]
    names = [row.name for row in bands.rows]
    assert names[0] == "region south"
    assert "worse than everybody by" in bands.rows[0].note
    assert next(row for row in bands.rows if row.name == "size few").note == "not enough data"
    text = markdown(compose(found, LAW, {}))
    assert "region south: accuracy" in text
    assert "Others judged these groups" in text
    assert "The release gate says" in text
    assert bands.rows[0].interval in fairness([found])


def test_the_distance_of_a_group_is_told_the_same_way_round_as_its_interval() -> None:
    row = next(row for row in made_report(made_scores()).slices if row.figure is not None and row.metric == "accuracy")
    far = row.model_copy(update={"difference": -0.1, "difference_low": -0.15, "difference_high": 0.02})
    assert distance(far) == "worse than everybody by 0.100 [-0.020, 0.150]"
    near = far.model_copy(update={"difference": 0.1, "difference_low": 0.05, "difference_high": 0.2})
    assert distance(near) == "better than everybody by 0.100 [0.050, 0.200]"
    turned = near.model_copy(update={"higher_is_better": False})
    assert distance(turned).startswith("worse")


def test_a_band_is_drawn_within_its_column() -> None:
    report = made_report(made_scores(nested("south", 0.5)))
    for bands in of_report(report):
        for band in bands.rows:
            place = plot(bands, band)
            assert (place is None) == (band.value is None)
            if place is not None:
                assert 0 <= place.left <= place.at <= place.left + place.width <= 100


def test_bundles_without_any_group_say_so_and_why() -> None:
    text = fairness([gather(ROOT / "src/countenance/models/text-emotion.v1")])
    assert "None known." in text
    assert "What the card says of them" in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head(finder: Artefacts) -> None:
    for section in compose(finder, LAW, {}).sections:
        for part in section.parts:
            for block in part.blocks:
                if isinstance(block, Sheet):
                    assert {len(row) for row in block.rows} <= {len(block.columns)}


def test_a_bundle_that_stands_on_no_weights_of_others_says_so(finder: Artefacts) -> None:
    bare = replace(finder, rows=tuple(row for row in finder.rows if row.what != "weights"))
    assert "No weights of others were used" in markdown(compose(bare, LAW, {}))
