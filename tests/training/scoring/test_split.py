from dataclasses import replace
from pathlib import Path

import pytest

from countenance.contracts.card import Card, Licence
from countenance.contracts.errors import DatasetError, RefusedError
from countenance.training.datasets.store import Reading, Row, Split
from countenance.training.scoring.split import Parts, check, parts_of, trained_on

CARD = Card(
    id="made",
    version="v1",
    modality="voice",
    task="emotion",
    summary="",
    outputs={},
    licence=Licence("", "", "", commercial=False, notice="", rows=("countenance", "ravdess", "fer2013")),
    input={},
    calibration={},
    data={},
    limits=(),
    figures=(),
    files={},
)


def row(uid: str, split: Split, **more: object) -> Row:
    return Row(uid, "ravdess", split, "made", label="anger", **more)  # type: ignore[arg-type]


def parts(judged: list[Row], train: list[Row] | None = None) -> Parts:
    return Parts(tuple(judged), (), tuple(train or ()))


def test_a_corpus_that_leaves_its_split_open_cannot_judge_what_learnt_from_it() -> None:
    judged = [row(f"clip {at}", Split.UNASSIGNED, subject_id=f"{at:02d}") for at in range(1, 9)]
    with pytest.raises(RefusedError, match=r"made\.v1 was trained on ravdess.* 01, 02, 03, 04, 05 and 3 more"):
        check(CARD, "ravdess", parts(judged))


def test_a_held_out_split_may_judge_when_its_training_rows_are_not_at_hand() -> None:
    found = check(CARD, "ravdess", parts([row("a", Split.TEST)]))
    assert (found.shared, "not at hand" in found.checked_against) == (0, True)


def test_a_corpus_that_nothing_was_learnt_from_may_judge() -> None:
    found = check(CARD, "emodb", parts([row("a", Split.UNASSIGNED, subject_id="Ada")]))
    assert "does not name emodb" in found.checked_against


def test_a_person_on_both_sides_is_refused() -> None:
    train, judged = row("a", Split.TRAIN, subject_id="Ada"), row("b", Split.TEST, subject_id="Ada")
    with pytest.raises(RefusedError, match="subject Ada"):
        check(CARD, "ravdess", parts([judged], [train]))


def test_a_file_on_both_sides_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("one.wav", "two.wav"):
        (tmp_path / name).write_bytes(b"the same sound")
    train = row("a", Split.TRAIN, audio_path=tmp_path / "one.wav")
    judged = row("b", Split.TEST, audio_path=tmp_path / "two.wav")
    with pytest.raises(RefusedError, match="the file of b"):
        check(CARD, "ravdess", parts([judged], [train]))
    (tmp_path / "two.wav").write_bytes(b"another sound")
    assert check(CARD, "ravdess", parts([judged], [train])).shared == 0


def test_another_corpus_can_be_compared_with() -> None:
    theirs = replace(row("z", Split.TRAIN, subject_id="Ada"), dataset="other")
    with pytest.raises(RefusedError, match="share identities with the rows compared with"):
        check(CARD, "emodb", parts([row("a", Split.TEST, subject_id="Ada")]), [theirs])


def test_sentences_that_recur_word_for_word_are_said_and_not_refused() -> None:
    found = check(CARD, "ravdess", parts([row("b", Split.TEST, text="Yes.")], [row("a", Split.TRAIN, text="Yes.")]))
    assert found.note == "1 of 1 texts stand in training word for word"


def test_a_split_that_is_not_there_names_those_that_are() -> None:
    reading = Reading((row("a", Split.TRAIN), row("b", Split.DEV), row("c", Split.WITHHELD)))
    with pytest.raises(DatasetError, match=r"no row stands in the split 'test'.* train, dev"):
        parts_of(reading, "test")
    assert [one.uid for one in parts_of(reading, "all").judged] == ["a", "b"]
    held_out = parts_of(reading, "dev")
    assert ([one.uid for one in held_out.judged], held_out.dev) == (["b"], ())


def test_a_licence_row_says_what_was_learnt_from() -> None:
    assert trained_on(CARD, "ferplus")
    assert not trained_on(CARD, "goemotions")


def test_rows_that_chose_the_thresholds_are_no_held_out_figure() -> None:
    assert "no held-out figure" in check(CARD, "ravdess", parts([row("a", Split.DEV)])).note
    assert check(CARD, "emodb", parts([row("a", Split.DEV)])).note == ""
