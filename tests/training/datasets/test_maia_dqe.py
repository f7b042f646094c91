"""MAIA-DQE in the canonical store, on made-up dialogues in the exact layout."""

import json
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.maia_dqe import CORPUS
from countenance.training.datasets.store import Split

PLACE = Path("Emotion") / "data" / "maia"


def turn(floor: str, texts: list[str], codes: list[int | None]) -> dict[str, object]:
    return {"floor": floor, "text_mt": texts, "text_src": texts, "Emotion": codes, "Engagement": [], "IQ": -1}


def corpus(folder: Path, *more: dict[str, object]) -> Path:
    (folder / PLACE).mkdir(parents=True)
    talks = [
        {
            "id": "en_de_1",
            "turns": [turn("inbound", ["What?", "Fine"], [4, 2]), turn("outbound", ["Yes"], [2]), *more],
        },
        {"id": "en_de_2", "turns": [turn("inbound", ["Skipped", "Null", "Again"], [-1, None, 5])]},
        {"id": "en_de_3", "turns": [turn("inbound", ["Thanks"], [1])]},
        {"id": "en_de_4", "turns": [turn("inbound", ["Hello"], [2])]},
    ]
    (folder / PLACE / "de_client_02_a.json").write_text(json.dumps(talks), encoding="utf-8")
    splits = {"train": ["en_de_1"], "val": ["en_de_2"], "test": ["en_de_3"]}
    (folder / PLACE / "dDE2_splits_a.json").write_text(json.dumps(splits), encoding="utf-8")
    (folder / PLACE / "._de_client_02_a.json").write_bytes(b"\x00\x05\x16\x07")
    return folder


def test_the_labels_are_the_corpus_s_own_in_the_order_of_its_codes() -> None:
    assert " ".join(CORPUS.labels) == ("empathy happiness neutral disappointment confusion frustration anger anxiety")


def test_only_rated_sentences_of_customers_are_rows(tmp_path: Path) -> None:
    reading = CORPUS.read(corpus(tmp_path))
    assert [(row.text, row.label) for row in reading.rows] == [
        ("What?", "confusion"),
        ("Fine", "neutral"),
        ("Again", "frustration"),
        ("Thanks", "happiness"),
        ("Hello", "neutral"),
    ]
    assert reading.rows[0].votes == {"confusion": 1.0}
    assert "2 customer sentences are not rated" in reading.notes


def test_the_official_split_is_by_dialogue_and_val_is_dev(tmp_path: Path) -> None:
    rows = CORPUS.read(corpus(tmp_path)).rows
    assert {row.group_id: row.split for row in rows} == {
        "en_de_1": Split.TRAIN,
        "en_de_2": Split.DEV,
        "en_de_3": Split.TEST,
        "en_de_4": Split.UNASSIGNED,
    }


def test_a_dialogue_in_two_splits_is_refused(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    (folder / PLACE / "dXX_splits_a.json").write_text('{"test": ["en_de_1"]}', encoding="utf-8")
    with pytest.raises(DatasetError, match="en_de_1 stands in two splits"):
        CORPUS.read(folder)


def test_a_turn_with_fewer_emotions_than_sentences_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="dialogue en_de_1, turn 2: sentences and emotions differ"):
        CORPUS.read(corpus(tmp_path, turn("inbound", ["One", "Two"], [2])))


def test_a_turn_without_emotions_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="dialogue en_de_1: a customer turn has no Emotion"):
        CORPUS.read(corpus(tmp_path, {"floor": "inbound", "text_mt": ["x"], "text_src": ["x"]}))


def test_a_file_that_is_not_json_names_the_line(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    (folder / PLACE / "de_client_02_a.json").write_text('[\n{"id": }]', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"de_client_02_a\.json, line 2: not JSON"):
        CORPUS.read(folder)


def test_a_missing_corpus_says_where_to_ask(tmp_path: Path) -> None:
    assert not CORPUS.detect(tmp_path)
    with pytest.raises(DatasetError, match=r"_a\.json is missing.*MAIA-DQE"):
        CORPUS.read(tmp_path)


def test_the_real_corpus_has_its_published_counts(shared: Path) -> None:
    folder = shared / "data" / "text_maia_dqe"
    if not folder.is_dir():
        pytest.skip("text_maia_dqe is not beside the checkout")
    assert CORPUS.detect(folder)
    rows = CORPUS.read(folder).rows
    assert len(rows) == 4609
    assert len({row.group_id for row in rows}) == 199
    assert sum(row.label == "confusion" for row in rows) == 269
    assert all(row.split is not Split.UNASSIGNED for row in rows)
