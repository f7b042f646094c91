import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import DatasetError
from countenance.training.datasets import inspection
from countenance.training.datasets.inspection import agreement, count, inspect, lines
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, corpora, recognise, unique


def row(uid: str, split: Split = Split.TRAIN, **stated: object) -> Row:
    return Row(uid, "toy", split, f"labels.csv row {uid}", **stated)  # type: ignore[arg-type]


ROWS = (
    row("1", label="calm", votes={"calm": 3, "tense": 1}, raters=4, subject_id="a", demographics={"gender": "female"}),
    row("2", label="tense", votes={"tense": 4}, raters=4, subject_id="a", demographics={"gender": "female"}),
    row("3", Split.TEST, votes={"calm": 2, "tense": 2}, raters=4, subject_id="b", demographics={"gender": "male"}),
)
TOY = Corpus(
    name="toy",
    title="Toy",
    licence="made up for this test",
    commercial="yes",
    requested_at="nowhere",
    labels=("calm", "tense"),
    detect=lambda path: (path / "toy.txt").is_file(),
    read=lambda path: Reading(ROWS, ("x.wav",), ("1 line left out",)),
)


def test_counts_classes_people_and_what_is_missing_are_told() -> None:
    found = count(TOY, TOY.read(Path()))
    assert found.splits["train"] == {"rows": 2, "subjects": 1, "groups": 0}
    assert found.classes["test"] == {"none": 1}
    assert found.demographics["gender"] == {"female": 2, "male": 1}
    told = "\n".join(lines(found))
    for words in ("made up for this test", "judged by others", "x.wav", "1 line left out", "alpha"):
        assert words in told


def test_agreement_is_one_when_all_agree_and_less_when_they_do_not() -> None:
    agreed = [row("1", votes={"calm": 3}, raters=3), row("2", votes={"tense": 3}, raters=3)]
    whole, rated = agreement(agreed)
    assert whole == pytest.approx(1.0)
    assert rated == 2
    mixed, _ = agreement(ROWS)
    assert mixed is not None
    assert mixed < 0.5


def test_agreement_of_the_textbook_is_met() -> None:
    # Krippendorff's example with nominal data and missing ratings (Computing Krippendorff's Alpha-Reliability, 2011).
    units = [
        {"1": 3}, {"2": 3, "3": 1}, {"3": 4}, {"3": 4}, {"2": 4}, {"1": 1, "2": 1, "3": 1, "4": 1}, {"4": 4},
        {"1": 3, "2": 1}, {"2": 4}, {"5": 3}, {"1": 2}, {"3": 1},
    ]  # fmt: skip
    rows = [row(str(n), votes=votes, raters=4) for n, votes in enumerate(units)]
    alpha, _ = agreement(rows)
    assert alpha == pytest.approx(0.743, abs=0.001)


def test_one_rater_gives_no_agreement() -> None:
    assert agreement([row("1", votes={"calm": 1}, raters=1)]) == (None, 0)


def test_a_person_in_two_splits_is_refused() -> None:
    with pytest.raises(DatasetError, match="subject a"):
        check_splits([*ROWS, row("4", Split.TEST, subject_id="a")])


def test_a_dialogue_in_two_splits_is_refused() -> None:
    with pytest.raises(DatasetError, match="group d1"):
        check_splits([row("1", group_id="d1"), row("2", Split.DEV, group_id="d1")])


def test_a_doubled_entry_is_refused() -> None:
    with pytest.raises(DatasetError, match="twice"):
        unique([row("1"), row("1")])


def test_a_folder_that_is_no_corpus_names_the_readers(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="goemotions"):
        recognise(tmp_path)
    with pytest.raises(DatasetError, match="does not exist"):
        recognise(tmp_path / "gone")


def test_an_unknown_reader_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Readers:"):
        inspect(tmp_path, "no-such-corpus")


def test_the_command_prints_the_inspection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy.txt").write_text("", encoding="utf-8")
    monkeypatch.setattr(inspection, "recognise", lambda path: TOY)
    plain = CliRunner().invoke(app, ["data", "inspect", str(tmp_path)])
    assert plain.exit_code == 0, plain.output
    assert "Toy (toy)" in plain.output
    machine = CliRunner().invoke(app, ["data", "inspect", str(tmp_path), "--json"])
    assert json.loads(machine.output)["splits"]["train"]["rows"] == 2


def test_every_reader_states_its_terms() -> None:
    known = corpora()
    assert len({corpus.name for corpus in known}) == len(known)
    for corpus in known:
        assert corpus.licence
        assert corpus.requested_at
        assert corpus.commercial in ("yes", "no", "unclear")


def test_no_reader_claims_an_empty_folder(tmp_path: Path) -> None:
    assert not [corpus.name for corpus in corpora() if corpus.detect(tmp_path)]


def test_own_calls_become_the_canonical_store(tmp_path: Path) -> None:
    folder = tmp_path / "calls" / "train"
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"RIFF")
    table = "file_name,label,rater,subject_id,start_s,end_s\na.wav,confused,r1,s1,1.5,4\na.wav,confused,r2,s1,1.5,4\n"
    (folder / "metadata.csv").write_text(table, encoding="utf-8")
    out = tmp_path / "store.jsonl"
    done = CliRunner().invoke(app, ["data", "store", str(tmp_path / "calls"), str(out)])
    assert done.exit_code == 0, done.output
    line = json.loads(out.read_text(encoding="utf-8"))
    assert (line["t0"], line["t1"], line["label_hard"]) == (1_500_000, 4_000_000, "confused")
    assert line["votes"] == {"confused": 2}
