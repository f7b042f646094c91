from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.audit.papers import CALL, SECOND_US, consent, open_log, ruling, second_of_face, whole_call

from countenance.audit.chain_entries import FIRST, digest, entry_of, line_of, seal
from countenance.audit.chain_leases import Leases
from countenance.audit.chain_log import parse
from countenance.audit.chain_verify import Finding, chain, leases, opt_outs, permissions, read_entries, verify
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import AuditEntry, ConsentStatus

Body = dict[str, object]


@pytest.fixture
def entries(tmp_path: Path) -> Sequence[AuditEntry]:
    """A call of three seconds; entries 0..2 are CONFIG, GATE, CONSENT, then LEASE and RESULT by turns."""
    return parse(whole_call(tmp_path))[0]


def chained(drafts: Sequence[tuple[str, Body]]) -> Sequence[AuditEntry]:
    """A log that never was, with a chain that holds: what somebody with the disk and time could write."""
    head, found = FIRST, []
    for seq, (kind, body) in enumerate(drafts):
        found.append(seal(seq, kind, "2026-11-22T09:00:00.000000Z", body, head))
        head = found[-1].hash
    return found


def drafts_of(entries: Sequence[AuditEntry]) -> list[tuple[str, Body]]:
    return [(entry.kind, dict(entry.body)) for entry in entries]


def test_an_honest_log_holds(entries: Sequence[AuditEntry]) -> None:
    assert [entry.kind for entry in entries[:5]] == ["CONFIG", "GATE", "CONSENT", "LEASE", "RESULT"]
    assert verify(entries) == ()
    assert verify([]) == ()


def test_a_planted_change_is_found_where_it_is(entries: Sequence[AuditEntry]) -> None:
    for seq, entry in enumerate(entries):
        changed = [*entries]
        changed[seq] = replace(entry, body={**entry.body, "version": 99})
        assert verify(changed)[0] == Finding(seq, "the entry or the one before it was changed")


def test_a_change_with_a_new_hash_breaks_the_chain_after_it(entries: Sequence[AuditEntry]) -> None:
    forged = replace(entries[4], body={**entries[4].body, "counts": {"face": 0}})
    changed = [*entries]
    changed[4] = replace(forged, hash=digest(forged))
    assert list(chain(changed)) == [Finding(5, "the entry or the one before it was changed")]


def test_an_entry_left_out_doubled_or_swapped_is_found(entries: Sequence[AuditEntry]) -> None:
    for seq in range(len(entries) - 1):
        assert next(chain([*entries[:seq], *entries[seq + 1 :]])).seq == seq
        assert next(chain([*entries[: seq + 1], *entries[seq:]])).seq == seq + 1
        swapped = [*entries[:seq], entries[seq + 1], entries[seq], *entries[seq + 2 :]]
        assert next(chain(swapped)).seq == seq


def test_an_entry_with_a_number_of_its_own_is_found() -> None:
    first = seal(0, "CONFIG", "2026-11-22T09:00:00.000000Z", {}, FIRST)
    third = seal(2, "CONFIG", "2026-11-22T09:00:00.000000Z", {}, first.hash)
    assert list(chain([first, third])) == [Finding(1, "the entry is numbered 2")]


def test_an_end_that_was_cut_off_is_found_with_a_hash_kept_from_before(entries: Sequence[AuditEntry]) -> None:
    head = entries[-1].hash
    assert verify(entries, head) == ()
    assert verify(entries, FIRST) == ()
    assert verify(entries[:-2]) == ()
    assert "the end was cut" in verify(entries[:-2], head)[0].problem


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    data = whole_call(tmp_path, seconds=1)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(data)
    assert len(read_entries(path)) == 5
    for at in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            assert not _reads_whole(bytes(flipped)), (at, bit)


def _reads_whole(data: bytes) -> bool:
    try:
        _, whole = parse(data)
    except AuditError:
        return False
    return whole == len(data)


def test_random_edits_are_found_and_named(tmp_path: Path) -> None:
    data, dice = whole_call(tmp_path), Random(11)
    lines = data.splitlines(keepends=True)
    for _ in range(400):
        at = dice.randrange(len(lines))
        edited = [*lines]
        match dice.randrange(4):
            case 0:
                del edited[at]
            case 1:
                edited.insert(at, lines[dice.randrange(len(lines))])
            case 2:
                edited[at] = lines[at][: dice.randrange(len(lines[at]))] + b"\n"
            case _:
                edited[at] = lines[at].replace(b'"face"', b'"faze"') if b'"face"' in lines[at] else b"{}\n"
        if edited != lines and b"".join(edited) != b"".join(lines[: len(edited)]):
            with pytest.raises(AuditError, match=r"damaged at entry \d+"):
                parse(b"".join(edited))


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"[]\n", b"7\n", b"{}\n", b"\xff\n", b'{"seq":"\\ud800"}\n', b"[" * 100_000 + b"\n"],
)
def test_what_is_no_entry_is_no_entry(line: bytes) -> None:
    assert entry_of(line) is None


def test_an_entry_with_another_layout_or_body_is_no_entry(entries: Sequence[AuditEntry]) -> None:
    line = line_of(entries[0])
    assert entry_of(line) == entries[0]
    assert entry_of(line.replace(b'{"at"', b'{ "at"')) is None
    assert entry_of(line_of(replace(entries[0], body=[]))) is None  # type: ignore[arg-type]


def test_reading_a_log_that_is_not_there_or_torn_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        read_entries(tmp_path / "audit.jsonl")
    data = whole_call(tmp_path)
    (tmp_path / "audit.jsonl").write_bytes(data[:-1])
    with pytest.raises(AuditError, match="ends in a torn entry 8"):
        read_entries(tmp_path / "audit.jsonl")


def without(kind: str, nth: int = 0) -> Callable[[list[tuple[str, Body]]], list[tuple[str, Body]]]:
    def change(drafts: list[tuple[str, Body]]) -> list[tuple[str, Body]]:
        places = [n for n, (name, _) in enumerate(drafts) if name == kind]
        return [draft for n, draft in enumerate(drafts) if n != places[nth]]

    return change


def with_body(kind: str, **change: object) -> Callable[[list[tuple[str, Body]]], list[tuple[str, Body]]]:
    return lambda drafts: [(name, {**body, **change} if name == kind else body) for name, body in drafts]


def doubled(kind: str) -> Callable[[list[tuple[str, Body]]], list[tuple[str, Body]]]:
    return lambda drafts: [d for draft in drafts for d in ([draft, draft] if draft[0] == kind else [draft])]


MUTANTS = {
    "a lease is missing": (without("LEASE"), "RESULT for lease p_1/0, which is not open"),
    "a result is missing": (without("RESULT", 1), "lease p_1/1000000 never ends"),
    "the last result is missing": (without("RESULT", -1), "lease p_1/2000000 never ends"),
    "a lease twice": (doubled("LEASE"), "lease p_1/0 is given twice"),
    "a result twice": (doubled("RESULT"), "RESULT for lease p_1/0, which is not open"),
    "more than leased": (with_body("RESULT", counts={"voice": 1}), "counts a modality that lease p_1/0 does not cover"),
    "the gate is missing": (without("GATE"), "lease on face without an allowing ruling"),
    "the gate refused": (with_body("GATE", decision="deny"), "lease on face without an allowing ruling"),
    "another policy": (with_body("GATE", policy_digest="e" * 64), "lease on face without an allowing ruling"),
    "the consent is missing": (without("CONSENT"), "lease on face without a consent"),
    "the consent was a no": (with_body("CONSENT", status="refused"), "lease on face without a consent"),
    "the consent came later": (with_body("CONSENT", at_us=1), "lease on face without a consent"),
    "another person's": (with_body("CONSENT", subject_ref="p_2"), "lease on face without a consent"),
    "another modality's": (with_body("GATE", modality="voice"), "lease on face without an allowing ruling"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_call_that_forgets_to_log_is_found(entries: Sequence[AuditEntry], name: str) -> None:
    change, problem = MUTANTS[name]
    findings = verify(chained(change(drafts_of(entries))))
    assert problem in findings[0].problem


def test_findings_come_in_order_of_the_log(entries: Sequence[AuditEntry]) -> None:
    findings = verify(chained(without("GATE")(drafts_of(entries))))
    assert [finding.seq for finding in findings] == sorted(finding.seq for finding in findings)
    assert len(findings) == 3


STOP: tuple[str, Body] = ("OPT_OUT", {"call_ref": CALL, "subject_ref": "p_1", "modality": "face", "at_us": SECOND_US})


def test_a_result_after_an_opt_out_is_found(entries: Sequence[AuditEntry]) -> None:
    drafts = drafts_of(entries)
    drafts.insert(6, STOP)
    assert [f.problem for f in opt_outs(chained(drafts))] == ["face is counted after the opt-out"]


def test_a_result_that_reaches_beyond_an_opt_out_is_found_even_when_written_before(
    entries: Sequence[AuditEntry],
) -> None:
    drafts = [*drafts_of(entries), STOP]
    found = list(opt_outs(chained(drafts)))
    assert [f.seq for f in found] == [6, 8]
    assert found[0].problem == "face is counted beyond the opt-out at 1000000 us"


def test_an_opt_out_of_another_or_without_readings_disturbs_nothing(entries: Sequence[AuditEntry]) -> None:
    for change in ({"subject_ref": "p_2"}, {"call_ref": "call-2"}, {"modality": "voice"}):
        drafts = drafts_of(entries)
        drafts.insert(6, ("OPT_OUT", STOP[1] | change))
        assert list(opt_outs(chained(drafts))) == []
    none = with_body("RESULT", counts={"face": 0})(drafts_of(entries))
    assert list(opt_outs(chained([*none[:6], STOP, *none[6:]]))) == []


def test_fields_of_a_wrong_kind_count_as_nothing() -> None:
    strange = chained(
        [
            ("LEASE", {"lease": "x", "modalities": "face"}),
            ("RESULT", {"lease": "x", "counts": [1]}),
            ("OPT_OUT", {"at_us": "soon"}),
            ("RECOVERY", {"cut_bytes": 3}),
        ]
    )
    assert list(leases(strange)) == []
    assert list(opt_outs(strange)) == []
    assert list(permissions(strange)) == []


def test_turn_taking_stands_on_a_notice_and_falls_with_an_objection() -> None:
    gate: Body = {
        "call_ref": CALL,
        "subject_ref": "p_1",
        "modality": "telemetry",
        "decision": "allow",
        "consent_kind": "none",
        "policy_digest": "d",
    }
    lease: Body = {
        "call_ref": CALL,
        "subject_ref": "p_1",
        "modalities": ["telemetry"],
        "policy_digest": "d",
        "start_us": 5,
    }
    objection: Body = {
        "call_ref": CALL,
        "subject_ref": "p_1",
        "modality": "telemetry",
        "status": "withdrawn",
        "at_us": 5,
    }
    assert list(permissions(chained([("GATE", gate), ("LEASE", lease)]))) == []
    found = list(permissions(chained([("GATE", gate), ("CONSENT", objection), ("LEASE", lease)])))
    assert [f.problem for f in found] == ["lease on telemetry without a consent"]


def test_a_call_resumed_from_before_an_opt_out_holds(tmp_path: Path) -> None:
    stop = consent(at_us=2 * SECOND_US, status=ConsentStatus.WITHDRAWN)
    with open_log(tmp_path) as log:
        calls = Leases(log, CALL)
        calls.ruled("p_1", ruling())
        calls.answered(consent())
        second_of_face(calls, 0)
        second_of_face(calls, 1)
        calls.answered(stop)
    with open_log(tmp_path) as log:
        again = Leases(log, CALL)
        second_of_face(again, 1)
        again.answered(stop)
    assert verify(read_entries(tmp_path / "audit.jsonl")) == ()
