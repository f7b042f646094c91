"""Labelled people are read as a call is read: under the gate, a consent and a lease, and kept for the next time."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from countenance.aggregation.taxonomy import read_taxonomy
from countenance.analysis.labelled import calls, passes
from countenance.analysis.labelled.calls import LabelledCalls, read_labelled_calls
from countenance.analysis.labelled.grounds import Room, Terms
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import DatasetError, RefusedError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Window
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.deployment import build_deployment
from countenance.storage.tables import payloads
from countenance.testing.labelled_sample import LabelledSample, make_labelled_sample
from countenance.testing.logs import check_log, read_log
from countenance.training.datasets.store import Row, recognise


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> LabelledSample:
    return make_labelled_sample(tmp_path_factory.mktemp("labelled") / "calls", people=1, rounds=1)


@pytest.fixture(scope="module")
def rows(sample: LabelledSample) -> tuple[Row, ...]:
    return recognise(sample.folder).read(sample.folder).rows


def terms(sample: LabelledSample, **told: object) -> Terms:
    person: dict[str, object] = {"name": "labelled", "role": "customer", "consent": ["face", "voice", "text"]}
    person |= {key: told.pop(key) for key in ("role", "consent", "consent_kind") if key in told}
    asked = {"purpose": "support_qa", "jurisdictions": ["US-CA"], "participant": [person]} | told
    return Terms(build_deployment(asked, "test"), (read_taxonomy(sample.taxonomy),), date(2026, 11, 22))


def read(rows: tuple[Row, ...], on: Terms, folder: Path) -> LabelledCalls:
    return read_labelled_calls(rows, on, folder, lambda done, total: None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def found(rows: tuple[Row, ...], sample: LabelledSample, run: Path) -> LabelledCalls:
    return read(rows, terms(sample), run)


def test_every_second_of_a_labelled_stretch_becomes_a_window(found: LabelledCalls) -> None:
    assert [one.window.start_us // SECOND_US for one in found.windows] == list(range(9))
    assert Counter(max(one.votes, key=lambda label: one.votes[label]) for one in found.windows) == {
        "content": 3,
        "puzzled": 3,
        "annoyed": 3,
    }
    modalities = {o.modality for one in found.windows for o in one.window.observations if o.abstain is None}
    assert modalities == {FACE, VOICE, TEXT}
    assert any(o.embedding is not None for one in found.windows for o in one.window.observations)


def test_the_log_shows_a_ruling_a_consent_and_a_lease_for_every_second(found: LabelledCalls, run: Path) -> None:
    assert not check_log(run / "store" / "log")
    kinds = Counter(leaf["kind"] for leaf in read_log(run / "store" / "log"))
    assert kinds["RESULT"] >= len(found.windows)
    assert (kinds["GATE"], kinds["CONSENT"]) == (3, 3)
    everything = b"".join(path.read_bytes() for path in (run / "store").rglob("*") if path.is_file())
    assert not any(name in everything for name in (b"drawn-eva", b"webm"))


def test_a_consent_is_bound_to_its_paper_by_a_commitment_that_can_be_destroyed(
    found: LabelledCalls, rows: tuple[Row, ...], run: Path
) -> None:
    leaves = [leaf for leaf in read_log(run / "store" / "log") if leaf["kind"] == "CONSENT"]
    with open_tenant(run / "store") as tenant, tenant.store.reading() as tx:
        papers = {row.payload_id: row.seq for row in tx.rows(tx.select(payloads)) if row.context == passes.PAPER}
        sealed = {seq: tenant.vault.open_sealed(tx, payload_id) for payload_id, seq in papers.items()}
    assert {leaf["seq"]: leaf["payload_commit"] for leaf in leaves} == {s: r.commitment for s, r in sealed.items()}
    assert {record.payload for record in sealed.values()} == {
        json.dumps({"consent_ref": [rows[0].consent_ref]}).encode()
    }


def test_the_digest_of_how_labelled_calls_are_read_knows_nothing_of_whom(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path
) -> None:
    digests = []
    for words in ("I am lost.", "It is fine."):
        few = (replace(rows[0], uid="words", face_path=None, text=words, start_us=0, end_us=SECOND_US),)
        read(few, terms(sample), tmp_path / words)
        log = tmp_path / words / "store" / "log"
        digests += [leaf["config_digest"] for leaf in read_log(log) if leaf["kind"] == "CONFIG"]
    assert len(digests) == 2
    assert len(set(digests)) == 1


def test_a_second_training_reads_no_media(
    found: LabelledCalls, rows: tuple[Row, ...], sample: LabelledSample, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a recording was read again")

    monkeypatch.setattr(calls, "read_part", never)
    again = read(rows, terms(sample), run)
    assert again.read == 0
    assert [one.id for one in again.windows] == [one.id for one in found.windows]
    assert again.windows == found.windows


def test_a_person_whose_consent_is_gone_leaves_no_window_behind(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path
) -> None:
    other = replace(rows[0], uid="words", face_path=None, text="I am lost.", group_id="other", subject_id="other")
    few = (*(replace(row, end_us=row.start_us + SECOND_US) for row in rows[:1] if row.start_us is not None), other)
    read(few, terms(sample), tmp_path)
    assert len(list((tmp_path / "windows").iterdir())) == 2
    left = read((replace(few[0], consent_ref=None), other), terms(sample), tmp_path)
    assert len(list((tmp_path / "windows").iterdir())) == 1
    assert {one.subject for one in left.windows} == {"other"}
    assert left.notes == ("1 labelled stretches without a consent_ref",)


def test_nobody_is_read_whom_the_law_protects(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "probe", lambda path: pytest.fail("a file was opened"))
    with pytest.raises(RefusedError, match=r"refused by .*\[.*\].*Nothing was read"):
        read(rows, terms(sample, role="agent", jurisdictions=["EU"]), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_weaker_consent_than_the_law_asks_for_is_refused(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match="given as explicit, the law here asks for"):
        read(rows, terms(sample, consent=["face", "voice"], consent_kind="explicit", jurisdictions=["US-IL"]), tmp_path)


def test_only_what_the_consents_cover_is_read(rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path) -> None:
    found = read(rows[:1], terms(sample, consent=["voice"]), tmp_path)
    assert {o.modality for one in found.windows for o in one.window.observations} == {VOICE}
    assert {card.modality for card in found.cards.values()} <= {VOICE}


def test_an_interrupted_reading_goes_on_with_the_next_recording(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        replace(rows[0], uid=f"w{n}", face_path=None, group_id=f"c{n}", subject_id=f"s{n}", text="I am lost.")
        for n in range(2)
    ]
    whole = passes.read_part
    asked: list[str] = []

    def stops(
        task: passes.Task, part: passes.Part, room: Room, control: Control, listener: passes.Listener
    ) -> tuple[Window, ...]:
        asked.append(task.key)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return whole(task, part, room, control, listener)

    monkeypatch.setattr(calls, "read_part", stops)
    with pytest.raises(KeyboardInterrupt):
        read(tuple(words), terms(sample), tmp_path)
    monkeypatch.setattr(calls, "read_part", whole)
    again = read(tuple(words), terms(sample), tmp_path)
    assert again.read == 1
    assert {one.subject for one in again.windows} == {"s0", "s1"}
    assert not check_log(tmp_path / "store" / "log")


def test_a_recording_that_does_not_open_is_named_and_left_out(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.webm"
    broken.write_bytes(b"no film")
    words = replace(rows[0], uid="w", face_path=None, group_id="c", text="I am lost.")
    bad = replace(rows[0], uid="b", face_path=broken)
    found = read((words, bad), terms(sample), tmp_path / "run")
    assert len(found.notes) == 1
    assert "1 recordings cannot be read" in found.notes[0]
    assert "broken.webm" in found.notes[0]


def test_without_any_consent_nothing_is_opened_and_the_column_is_named(
    rows: tuple[Row, ...], sample: LabelledSample, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="Fill the column consent_ref"):
        read(tuple(replace(row, consent_ref=None) for row in rows), terms(sample), tmp_path)
    assert not list(tmp_path.iterdir())
