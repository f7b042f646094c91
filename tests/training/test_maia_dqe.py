"""The MAIA-DQE reader, on a made-up dialogue in the exact layout."""

import json
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.maia_dqe import EMOTIONS, read_customers


def turn(floor: str, *rows: tuple[str, str, int | None]) -> dict[str, object]:
    columns = list(zip(*rows, strict=True))
    return {"floor": floor, "text_mt": columns[0], "text_src": columns[1], "Emotion": columns[2]}


def corpus(folder: Path) -> Path:
    place = folder / "Emotion" / "data" / "maia"
    place.mkdir(parents=True)
    talks = [
        {
            "id": 1,
            "turns": [turn("inbound", ("What?", "Was?", 4), ("Fine", "Gut", 2)), turn("outbound", ("x", "y", 2))],
        },
        {"id": 2, "turns": [turn("inbound", ("Not rated", "?", -1), ("Not seen", "?", None), ("Again", "Nochmal", 5))]},
    ]
    (place / "de_client_02_a.json").write_text(json.dumps(talks), encoding="utf-8")
    (place / "dDE2_splits_a.json").write_text("{}", encoding="utf-8")
    return folder


def test_only_rated_sentences_of_customers_are_read(tmp_path: Path) -> None:
    read = read_customers(corpus(tmp_path))
    assert read.texts == ("What?", "Fine", "Again")
    assert read.sources == ("Was?", "Gut", "Nochmal")
    assert [EMOTIONS[i] for i in read.emotion] == ["confusion", "neutral", "frustration"]


def test_sentences_of_one_dialogue_share_its_number(tmp_path: Path) -> None:
    assert list(read_customers(corpus(tmp_path)).dialogue) == [0, 0, 1]


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"_a\.json is missing"):
        read_customers(tmp_path)
