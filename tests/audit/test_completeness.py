from collections.abc import Sequence
from typing import Any

import pytest
from bench.audit.synthetic import drafts
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.completeness import Completeness
from countenance.audit.entries import FIELDS, KINDS
from countenance.audit.reading import Finding

WHO = {"call_ref": "c1", "subject_ref": "s1"}
POLICY = ("POLICY_LOAD", {"policy_digest": "p"})
MODEL = ("MODEL_LOAD", {"sha256": "m"})
GATE = ("GATE", {**WHO, "modality": "face", "decision": "allow", "policy_digest": "p", "consent_kind": "explicit"})
YES = ("CONSENT", {**WHO, "modality": "face", "status": "given", "consent_kind": "explicit", "at_us": 0})
NO = ("CONSENT", {**WHO, "modality": "face", "status": "withdrawn", "at_us": 1500})
STOP = ("OPT_OUT", {**WHO, "modality": "face", "at_us": 1500})
SPAN = {**WHO, "lease": "s1/1000", "start_us": 1000, "end_us": 2000}
BASIS = {"policy_digest": "p", "model_digests": ["m"], "limit": 9, "consent_index": {"face": 3}}
LEASE = ("LEASE", {**SPAN, **BASIS, "modalities": ["face"]})
RESULT = ("RESULT", {**SPAN, "counts": {"face": 7}})
CLOSE = ("LEASE_CLOSE", {**SPAN, "reason": "silence"})
Draft = tuple[str, dict[str, Any]]
NAMES = (*FIELDS, "call_ref", "subject_ref", "lease", "modality", "modalities", "counts", "policy_digest")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["c1", "s1", "face", "s1/1000", "p", "given"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["face", "x"]), inner, max_size=2),
    max_leaves=4,
)
WHOLE: list[Draft] = [POLICY, MODEL, GATE, YES, LEASE, RESULT]


def check(*log: Draft, pruned: bool = False) -> Sequence[Finding]:
    """The findings of a log of which one entry comes a minute and a second after the other."""
    rules = Completeness()
    leaves = [{**body, "kind": kind, "seq": seq, "t_mono": seq * 61_000_000} for seq, (kind, body) in enumerate(log)]
    return [*rules.see(leaves, pruned=pruned), *rules.end()]


def but(draft: Draft, **changes: object) -> Draft:
    return draft[0], draft[1] | changes


SECOND, SECOND_CLOSE = but(LEASE, lease="b"), but(CLOSE, lease="b")


def test_a_whole_log_has_no_findings() -> None:
    assert check(*WHOLE) == []
    assert check(*WHOLE[:-1], CLOSE) == []
    assert check(*WHOLE[:-1], ("RECOVERY", {"call_ref": "c1", "lease": "s1/1000"})) == []
    assert check(*WHOLE, ("RECOVERY", {"call_ref": "c1"}), ("CONFIG", {})) == []
    assert check(*WHOLE[:-1], but(RESULT, counts={"face": 7, "voice": 0}), ("RECOVERY", {})) == []
    assert check(*WHOLE, NO, but(STOP, at_us=2000)) == []


@pytest.mark.parametrize("missing", range(len(WHOLE)))
def test_every_entry_that_is_left_out_is_missed(missing: int) -> None:
    assert check(*WHOLE[:missing], *WHOLE[missing + 1 :], POLICY)


@pytest.mark.parametrize(
    ("log", "seq", "problem"),
    [
        ([*WHOLE[:5], POLICY], 4, "lease s1/1000 never ends"),
        ([*WHOLE[:5], ("CONFIG", {"boot_id": "b"})], 4, "lease s1/1000 never ends"),
        ([*WHOLE[:4], but(LEASE, modalities=[]), CLOSE], 4, "is on no modality"),
        ([*WHOLE[:3], but(YES, consent_kind="none"), *WHOLE[4:]], 4, "without a consent"),
        ([*WHOLE[:3], but(YES, purpose="x"), *WHOLE[4:]], 4, "without a consent"),
        ([*WHOLE[:2], but(GATE, consent_kind="sworn"), *WHOLE[3:]], 4, "without a consent"),
        ([*WHOLE[:5], LEASE, RESULT], 5, "given twice"),
        ([*WHOLE, RESULT], 6, "RESULT for lease s1/1000, which is not open"),
        ([*WHOLE, CLOSE], 6, "LEASE_CLOSE for lease"),
        ([*WHOLE, ("RECOVERY", {"call_ref": "c1", "lease": "x"})], 6, "RECOVERY for lease x"),
        ([*WHOLE[:5], but(RESULT, counts={"voice": 1})], 5, "counts a modality that the lease does not cover"),
        ([*WHOLE[:5], but(RESULT, counts={"face": 10})], 5, "counts more than the 9"),
        ([*WHOLE[:5], but(RESULT, subject_ref="s2")], 5, "names another person"),
        ([*WHOLE[:5], STOP, RESULT], 6, "face is counted after the opt-out"),
        ([*WHOLE, STOP], 5, "face is counted up to 2000 us, beyond the opt-out at 1500 us"),
        ([*WHOLE, but(STOP, at_us=2000), but(SECOND, start_us=2000), SECOND_CLOSE], 7, "after the opt-out"),
        ([*WHOLE[:2], but(GATE, decision="deny"), *WHOLE[3:]], 4, "without an allowing ruling"),
        ([*WHOLE[:4], but(LEASE, policy_digest="q"), RESULT], 4, "without an allowing ruling"),
        ([*WHOLE[:3], but(YES, status="refused"), *WHOLE[4:]], 4, "without a consent"),
        ([*WHOLE[:3], but(YES, at_us=1001), *WHOLE[4:]], 4, "without a consent"),
        ([*WHOLE[:3], but(YES, modality="voice"), *WHOLE[4:]], 4, "without a consent"),
        ([*WHOLE[:4], but(LEASE, consent_index={"face": 2}), RESULT], 4, "names entry 2 as its consent"),
        ([*WHOLE[:2], but(GATE, policy_digest="q"), *WHOLE[3:]], 2, "no POLICY_LOAD names"),
        ([*WHOLE[:4], but(LEASE, model_digests=["m", "n"]), RESULT], 4, "no MODEL_LOAD names"),
        ([POLICY, GATE, YES, but(LEASE, model_digests=[], consent_index={}), RESULT], 4, "no MODEL_LOAD stands"),
        ([*WHOLE, ("ERASURE", WHO), SECOND, SECOND_CLOSE], 7, "LEASE about a person who was erased"),
    ],
)  # fmt: skip
def test_what_is_not_in_order_is_named(log: list[Draft], seq: int, problem: str) -> None:
    found = check(*log)
    assert (found[0].seq, problem in found[0].problem) == (seq, True), found


def test_what_needs_no_consent_is_read_in_silence() -> None:
    silent = but(GATE, consent_kind="none")
    lease = but(LEASE, consent_index={})
    assert check(POLICY, MODEL, silent, lease, RESULT) == []
    assert "without a consent" in check(POLICY, MODEL, silent, NO, but(lease, start_us=1500), RESULT)[0].problem


def test_turn_taking_is_counted_without_a_model() -> None:
    told = [but(draft, modality="telemetry") for draft in (GATE, YES)]
    lease = but(LEASE, modalities=["telemetry"], model_digests=[], consent_index={})
    assert check(POLICY, *told, lease, but(RESULT, counts={"telemetry": 3})) == []


def test_a_later_yes_opens_what_a_no_had_closed() -> None:
    again = but(YES, at_us=3000)
    lease = but(LEASE, lease="b", start_us=3000, end_us=4000, consent_index={"face": 8})
    assert check(*WHOLE, NO, but(STOP, at_us=2500), again, lease, but(CLOSE, lease="b")) == []


def test_the_opt_out_of_one_person_stops_nobody_else() -> None:
    assert check(*WHOLE[:5], but(STOP, subject_ref="s2"), RESULT) == []


def test_a_lease_before_the_media_time_of_an_opt_out_may_come_after_it_in_the_log() -> None:
    early = but(SECOND, start_us=100, end_us=900)
    stop = but(STOP, at_us=2000)
    assert check(*WHOLE, stop, early, but(SECOND_CLOSE, lease="b")) == []
    counted = but(RESULT, lease="b", start_us=100, end_us=900)
    assert check(*WHOLE, early, counted, stop) == []
    assert [found.seq for found in check(*WHOLE, early, counted, but(STOP, at_us=950))] == [5]
    assert [found.seq for found in check(*WHOLE, early, counted, but(STOP, at_us=0))] == [5, 7]


def test_an_erasure_without_a_place_names_nobody() -> None:
    assert check(("ERASURE", {}), ("NOTICE", {"notice": "n"}), *WHOLE) != []
    assert check(("ERASURE", {}), ("NOTICE", {"notice": "n"})) == []


def test_fields_of_a_wrong_kind_count_as_absent() -> None:
    (found,) = check(*WHOLE[:4], but(LEASE, modalities="face", model_digests="m"), but(RESULT, counts=["face"]))
    assert "on no modality" in found.problem


def test_a_lease_of_the_last_minute_may_still_run() -> None:
    assert check(*WHOLE[:5]) == []


def test_what_began_before_the_oldest_entry_kept_is_not_judged() -> None:
    assert check(YES, LEASE, RESULT, pruned=True) == []
    assert check(GATE, YES, but(LEASE, consent_index={}), RESULT, pruned=True) == []
    assert check(GATE, but(LEASE, consent_index={}), RESULT, pruned=True) != []
    assert check(("CONFIG", {}), but(LEASE, call_ref=None), pruned=True) != []


def test_the_synthetic_log_of_the_harnesses_is_complete() -> None:
    log = [draft for draft, _ in zip(drafts("a"), range(3 + 2 * 124), strict=False)]
    assert check(*((kind, dict(body)) for kind, body in log)) == []


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), VALUES)), max_size=12))
def test_a_log_that_holds_anything_at_all_is_judged(log: list[Draft]) -> None:
    assert isinstance(check(*WHOLE, *log), list)
