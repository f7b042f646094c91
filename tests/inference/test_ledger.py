"""The licence ledger decides what a profile loads, and says which row forbids the rest."""

import shutil
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from countenance.contracts.card import Card
from countenance.contracts.errors import BundleError, UsageError
from countenance.inference.bundle import Bundle, read_card
from countenance.inference.ledger import LEDGER, NEEDED, Certainty, Ledger, Profile, Row, Use
from countenance.inference.shelf import Shelf
from countenance.training.datasets.store import corpora
from countenance.training.export import write_bundle

ROOT = Path(__file__).parents[2]
CLEAN = ROOT / "src/countenance/models"
RESEARCH = ROOT / "research/src/countenance_research/models"
BUNDLES = sorted([*CLEAN.glob("*.v*"), *RESEARCH.glob("*.v*")])

ROW = """
[[row]]
id = "mine"
what = "data"
name = "My recordings"
licence = "mine"
source = "me"
holder = "me"
certainty = "seen"
allowed = ["commercial", "research"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / LEDGER
    path.write_text(text, encoding="utf-8")
    return path


def with_rows(card: Card, *rows: str, commercial: bool = True) -> Card:
    return replace(card, licence=replace(card.licence, rows=rows, commercial=commercial))


@pytest.fixture
def card() -> Card:
    return read_card(CLEAN / "face-finder.v1")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CLEAN / "face-finder.v1", tmp_path / "face-finder.v1"))


def reworded(folder: Path, old: str, new: str) -> Path:
    path = folder / "card.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda p: p.name)
def test_every_bundle_stands_on_rows_that_bear_out_what_its_card_says(folder: Path) -> None:
    found, ledger = read_card(folder), Ledger.around(folder)
    ledger.check(found)
    clean = all(Use.COMMERCIAL in row.allowed for row in ledger.of(found))
    assert found.licence.commercial is clean
    assert found.licence.rows[0] == "countenance"
    assert Bundle.load(folder).card == found


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda p: p.name)
def test_only_clean_bundles_lie_in_the_core(folder: Path) -> None:
    assert read_card(folder).licence.commercial is (folder.parent == CLEAN)


def test_there_are_bundles_in_both_distributions() -> None:
    assert {folder.parent for folder in BUNDLES} == {CLEAN, RESEARCH}


def test_the_notice_names_every_clean_bundle_and_the_terms_of_the_research_ones_stand_beside_them() -> None:
    for folder in BUNDLES:
        notice = ROOT / ("NOTICE" if folder.parent == CLEAN else "research/LICENSE")
        stem = folder.name.partition(".v")[0]
        assert stem in notice.read_text(encoding="utf-8") or stem == "text-vad", folder.name


def test_the_research_ledger_repeats_the_rows_its_bundles_stand_on() -> None:
    mine, shipped = Ledger({}).joined([RESEARCH / LEDGER]).rows, Ledger.shipped().rows
    used = {name for folder in BUNDLES if folder.parent == RESEARCH for name in read_card(folder).licence.rows}
    assert set(mine) == used
    assert all(shipped[name] == row for name, row in mine.items())


def test_every_corpus_that_can_be_read_has_a_row() -> None:
    rows = Ledger.shipped().rows
    own = {"own_folder", "label_studio", "elan"}
    for corpus in corpora():
        assert "own-calls" in rows if corpus.name in own else corpus.name.replace("_", "-") in rows, corpus.name


def test_what_a_reader_calls_not_commercial_no_row_allows_commercially() -> None:
    rows = Ledger.shipped().rows
    for corpus in corpora():
        row = rows.get(corpus.name.replace("_", "-"))
        if row is not None and corpus.name != "ferplus":
            assert (Use.COMMERCIAL in row.allowed) is (corpus.commercial == "yes"), corpus.name


def test_the_votes_of_ferplus_are_clean_and_its_pictures_are_not() -> None:
    rows = Ledger.shipped().rows
    assert Use.COMMERCIAL in rows["ferplus"].allowed
    assert rows["fer2013"].allowed == (Use.RESEARCH, Use.EVALUATION)
    assert rows["fer2013"].certainty is Certainty.NONE


@pytest.mark.parametrize("name", ["maia-dqe", "uss", "meld", "fairface-val"])
@pytest.mark.parametrize("profile", list(Profile))
def test_what_may_only_be_measured_on_loads_under_no_profile(card: Card, name: str, profile: Profile) -> None:
    why = Ledger.shipped().forbids(with_rows(card, "countenance", name), profile)
    assert why is not None
    assert name in why
    assert NEEDED[profile].value in why


def test_the_first_forbidding_row_is_named(card: Card) -> None:
    why = Ledger.shipped().forbids(with_rows(card, "countenance", "ravdess", "fer2013"), Profile.COMMERCIAL)
    assert why is not None
    assert "'ravdess'" in why
    assert "CC BY-NC-SA 4.0" in why


def test_a_card_may_be_stricter_than_its_rows(card: Card) -> None:
    stricter = with_rows(card, "countenance", commercial=False)
    ledger = Ledger.shipped()
    ledger.check(stricter)
    assert ledger.forbids(stricter, Profile.OPEN) is None
    assert "commercial = false" in (ledger.forbids(stricter, Profile.COMMERCIAL) or "")


def test_a_card_never_claims_what_a_row_forbids(copy: Path) -> None:
    reworded(copy, 'ledger = ["countenance"', 'ledger = ["countenance", "ravdess"')
    for profile in Profile:
        with pytest.raises(BundleError, match=r"says commercial = true, but the licence row 'ravdess'"):
            Bundle.load(copy, profile=profile)
        with pytest.raises(BundleError, match="ravdess"):
            Shelf([copy], profile)


def test_a_card_that_names_an_unknown_row_does_not_load(copy: Path) -> None:
    reworded(copy, '"fairface"', '"fareface"')
    with pytest.raises(BundleError, match=r"'fareface', which no ledger has. Did you mean fairface\?"):
        Bundle.load(copy)


@pytest.mark.parametrize("rows", ["", "ledger = []\n"])
def test_a_card_without_rows_does_not_load(copy: Path, rows: str) -> None:
    line = next(x for x in (copy / "card.toml").read_text("utf-8").splitlines(keepends=True) if x.startswith("ledger"))
    reworded(copy, line, rows)
    with pytest.raises(BundleError, match="ledger"):
        Bundle.load(copy)


def test_a_bundle_may_bring_rows_beside_it_or_in_its_folder(copy: Path, card: Card) -> None:
    mine = with_rows(card, "countenance", "mine")
    with pytest.raises(BundleError, match="'mine'"):
        Ledger.around(copy).of(mine)
    for folder in (copy, copy.parent):
        path = written(folder, ROW)
        assert [row.id for row in Ledger.around(copy).of(mine)] == ["countenance", "mine"]
        path.unlink()


def test_a_bundle_cannot_loosen_the_terms_of_known_data(copy: Path) -> None:
    text = (CLEAN / LEDGER).read_text(encoding="utf-8")
    row = next("[[row]]" + part for part in text.split("[[row]]") if 'id = "ravdess"' in part)
    written(copy, row.replace('allowed = ["research"', 'allowed = ["commercial", "research"'))
    with pytest.raises(BundleError, match="'ravdess' differs from the one already known"):
        Ledger.around(copy)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('what = "data"', 'what = "date"', "Did you mean data"),
        ('certainty = "seen"', 'certainty = "sure"', "certainty 'sure'"),
        ('"commercial", ', '"comercial", ', "Did you mean commercial"),
        ('certainty = "seen"', 'certainty = "none"', "states no terms"),
        ('holder = "me"', 'holders = "me"', "holder"),
        ('licence = "mine"', 'licence = ""', "licence"),
        ('allowed = ["commercial", "research"]', "allowed = []", "allowed"),
        ("[[row]]", "[[rows]]", "Did you mean row"),
        ('id = "mine"', "id = mine", "not valid TOML"),
    ],
)
def test_a_faulty_ledger_names_its_fault(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = written(tmp_path, ROW.replace(old, new, 1))
    with pytest.raises(UsageError, match=said) as caught:
        Ledger({}).joined([path])
    assert str(path) in str(caught.value)


def test_two_rows_of_one_name_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two rows are named 'mine'"):
        Ledger({}).joined([written(tmp_path, ROW + ROW)])


def test_the_commercial_shelf_says_what_it_leaves_out_and_why() -> None:
    shelf = Shelf(BUNDLES, Profile.COMMERCIAL)
    assert set(shelf.left_out) == {folder.name for folder in BUNDLES if folder.parent == RESEARCH}
    assert set(shelf.cards) == {folder.name for folder in BUNDLES if folder.parent == CLEAN}
    for name, why in shelf.left_out.items():
        assert not shelf.has(name)
        with pytest.raises(
            BundleError, match=r"may not load under the profile 'commercial': the licence row"
        ) as caught:
            shelf.load(name)
        assert why in str(caught.value)


def test_the_open_shelf_leaves_nothing_out_that_this_project_ships() -> None:
    assert not Shelf(BUNDLES, Profile.OPEN).left_out


def test_a_bundle_that_is_not_there_is_told_apart_from_one_that_is_left_out() -> None:
    with pytest.raises(UsageError, match="not installed"):
        Shelf(BUNDLES, Profile.COMMERCIAL).load("face-dreams.v1")


def test_installed_distributions_bring_their_ledger() -> None:
    for point in entry_points(group="countenance.models"):
        module = import_module(point.value)
        assert module.__file__ is not None
        assert (Path(module.__file__).parent / "models" / LEDGER).is_file()


def test_every_row_says_who_holds_what_from_where() -> None:
    rows: list[Row] = list(Ledger.shipped().rows.values())
    assert len(rows) >= 20
    for row in rows:
        assert row.holder, row.id
        assert row.source, row.id
        assert row.note, row.id


def test_a_bundle_is_not_written_without_its_rows(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"names no licence row\. Give licence\.ledger rows"):
        write_bundle(tmp_path / "mine.v1", tmp_path / "model.onnx", {"licence": {"code": "x"}}, {})
    assert not (tmp_path / "mine.v1").exists()
