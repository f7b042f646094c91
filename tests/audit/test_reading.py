import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from bench.audit.synthetic import entries
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.entries import canonical
from countenance.audit.reading import Clocks, read

LEAVES = entries(40)


def changed(place: int, **fields: object) -> bytes:
    return canonical(json.loads(LEAVES[place]) | fields)


def test_whole_entries_are_read_in_order() -> None:
    leaves, findings = read(LEAVES, 0)
    assert findings == []
    assert [leaf["seq"] for leaf in leaves] == list(range(40))
    assert Clocks().see(leaves) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"{}{}", "not a JSON object"),
        (b'{"a":1.0}', "not a JSON object"),
        (b'{"a":NaN}', "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"a":"\xff"}', "numbered None"),
        (changed(7, seq=8), "numbered 8"),
        (changed(7, seq=True), "numbered True"),
        (changed(7, v=2), "version 2"),
        (changed(7, v=True), "version True"),
        (changed(7, kind="GUESS"), "unknown kind 'GUESS'"),
        (changed(7, kind=["GATE"]), "unknown kind"),
        (changed(7, t_mono=-1), "no time by the monotonic clock"),
        (changed(7, t_mono="1"), "no time by the monotonic clock"),
        (changed(7, boot_id=1), "does not say whose"),
        (changed(7, tenant=None), "does not say whose"),
        (changed(7, t_utc=5), "does not say whose"),
        (LEAVES[7].replace(b":", b": ", 1), "canonical"),
        (LEAVES[7][:-1] + b',"w":-0}', "canonical"),
        (LEAVES[7].replace(b'"lease":"', b'"lease":"\\u0061', 1), "canonical"),
        (LEAVES[7][:-1] + b',"a":1}', "canonical"),
        (LEAVES[7][:-1] + b',"v":1}', "canonical"),
        (LEAVES[7][:-1] + b',"w":{"b":1,"a":1}}', "canonical"),
        (LEAVES[7][:-1] + b',"w":{"a":1,"a":1}}', "canonical"),
        (LEAVES[7][:-1] + b',"w":[{"b":1,"a":1}]}', "canonical"),
        (LEAVES[7][:-1] + b',"w":"\xc3\xa9"}', "canonical"),
        (LEAVES[7][:-1] + b',"w":1.5}', "not a JSON object"),
        (LEAVES[7][:-1] + b',"w":[1.5]}', "not a JSON object"),
        (LEAVES[7][:-1] + b',"w":[{"a":1e5}]}', "not a JSON object"),
        (LEAVES[7][:-1] + b',"w":{"a":{"b":0.5}}}', "not a JSON object"),
    ],
)
def test_an_entry_of_another_form_is_found(data: bytes, problem: str) -> None:
    leaves, findings = read([*LEAVES[:7], data, *LEAVES[8:]], 0)
    (finding,) = findings
    assert finding.seq == 7
    assert problem in finding.problem
    assert len(leaves) == 39


def test_nested_objects_are_read_when_canonical() -> None:
    for more in (b',"w":{"a":1,"b":{"c":"x"}}}', b',"w":[{"a":1,"b":[null,true]}]}', b',"w":"a\\"b c"}'):
        assert read([LEAVES[0][:-1] + more], 0)[1] == []


def test_what_the_quick_way_does_not_know_is_read_the_slow_way() -> None:
    for more in (b',"w":18446744073709551616}', b',"w":"\\ud800"}', b',"w":"\\u00e9"}'):
        assert read([LEAVES[0][:-1] + more], 0)[1] == []


def test_no_depth_of_nesting_stops_the_reader() -> None:
    limit = sys.getrecursionlimit()
    for depth in range(limit - 300, limit):
        deep = LEAVES[0][:-1] + b',"w": ' + b"[" * depth + b"]" * depth + b"}"
        (finding,) = read([deep], 0)[1]
        assert "canonical" in finding.problem or "not a JSON object" in finding.problem


def test_entries_cannot_borrow_from_their_neighbours() -> None:
    torn = LEAVES[1] + LEAVES[2][:5]
    findings = read([LEAVES[0], torn, LEAVES[2][5:]], 0)[1]
    assert [finding.seq for finding in findings] == [1, 2]


def stamped(*stamps: tuple[str, int, str, str]) -> list[Mapping[str, Any]]:
    return [
        {"seq": n, "t_utc": utc, "t_mono": mono, "boot_id": boot, "kind": kind}
        for n, (utc, mono, boot, kind) in enumerate(stamps)
    ]


NOON = "2026-11-22T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (("2026-11-22T12:00:01.000000Z", 1_000_000, "a", "GATE"), None),
        ((NOON, 0, "a", "GATE"), None),
        (("2026-11-22T12:00:03.000001Z", 1_000_000, "a", "GATE"), "jumped by 2000001 us"),
        (("2026-11-22T12:00:01.000000Z", 3_000_001, "a", "GATE"), "jumped by -2000001 us"),
        (("2026-11-22T12:00:03.000001Z", 1_000_000, "a", "CLOCK_ANOMALY"), None),
        (("2026-11-22T11:59:59.000000Z", 1_000_000, "a", "GATE"), "went back by 1000000 us"),
        (("2026-11-22T11:59:59.000000Z", 1_000_000, "b", "GATE"), "went back by 1000000 us"),
        (("2026-11-22T11:59:59.000000Z", 1_000_000, "a", "CLOCK_ANOMALY"), None),
        (("2026-11-23T12:00:00.000000Z", 5, "b", "GATE"), None),
        (("2026-11-22T12:00:00.000001Z", -1, "a", "GATE"), "monotonic clock went back"),
        (("2026-13-22T12:00:00.000000Z", 1, "a", "GATE"), "no time in UTC"),
        (("2026-W47-7T12:00:00.000000Z", 1, "a", "GATE"), "no time in UTC"),
        (("2026-11-22T12:00:00Z", 1, "a", "GATE"), "no time in UTC"),
    ],
)
def test_clocks_that_disagree_are_found(second: tuple[str, int, str, str], problem: str | None) -> None:
    clocks = Clocks()
    found = [*clocks.see(stamped((NOON, 0, "a", "GATE"))), *clocks.see(stamped((NOON, 0, "a", "GATE"), second)[1:])]
    assert [finding.seq for finding in found] == ([] if problem is None else [1])
    assert problem is None or problem in found[0].problem


@given(st.lists(st.binary(max_size=80) | st.sampled_from(LEAVES), max_size=10))
def test_anything_may_stand_in_a_bundle(data: list[bytes]) -> None:
    leaves, findings = read(data, 0)
    assert len(leaves) + len(findings) == len(data)
    assert len(Clocks().see(leaves)) <= len(leaves)


@given(st.dictionaries(st.text(max_size=5), st.recursive(st.integers() | st.text(max_size=5), st.lists, max_leaves=5)))
def test_the_quick_way_and_the_slow_way_agree_on_what_is_canonical(more: dict[str, Any]) -> None:
    fields = json.loads(LEAVES[0]) | {f"x{name}": value for name, value in more.items()}
    assert read([canonical(fields)], 0)[1] == []
    loose = json.dumps(fields, separators=(",", ":")).encode()
    assert bool(read([loose], 0)[1]) is (loose != canonical(fields))
