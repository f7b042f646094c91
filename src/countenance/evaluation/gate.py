"""The release gate: may a candidate replace the baseline, for everybody and for every group of people?

A release is blocked when the lower end of the 95 % interval of a change for the worse lies beyond its limit. It passes
when the upper end lies within the limit and the allowed doubt. Everything between is "not enough data", which is never
a pass. What was measured in another way is "not comparable", which is an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from countenance.evaluation.gate_evidence import NOTHING, Estimate, Evidence, aligned, apart, lost_rows, paired
from countenance.evaluation.gate_files import Measured, Pair
from countenance.evaluation.gate_limits import Gates, limits
from countenance.evaluation.gate_verdict import Asked, Check, Outcome, Verdict, settled, stricter, worst_first
from countenance.evaluation.metrics import measure
from countenance.evaluation.report import Report, SliceRow
from countenance.evaluation.scores import Scores


def judge(pairs: Sequence[Pair], gates: Gates) -> Outcome:
    """Compare every bundle of the baseline with the candidate's."""
    checks = [check for pair in pairs for check in _pair(pair, gates)]
    if gates.not_enough_data == "block":
        checks = [stricter(check) for check in checks]
    return Outcome(tuple(sorted(checks, key=worst_first)))


@dataclass(frozen=True, slots=True)
class _Sides:
    """Two reports of one measurement, and both tables where they are at hand and of the same rows."""

    name: str
    old: Report
    new: Report
    tables: tuple[Scores, Scores] | None

    @property
    def same(self) -> bool:
        """Whether both name the same weights and say the same."""
        old, new = self.old, self.new
        return old.sha256 == new.sha256 and old.metrics == new.metrics and old.slices == new.slices


@dataclass(frozen=True, slots=True)
class _Twins:
    """One group under one measure, before and after."""

    before: SliceRow
    after: SliceRow


def _pair(pair: Pair, gates: Gates) -> Iterator[Check]:
    if pair.baseline is None:
        yield _plain(pair.name, Verdict.NOT_ENOUGH_DATA, "new: no baseline to compare it with")
        return
    if pair.candidate is None:
        yield _plain(pair.name, Verdict.NOT_COMPARABLE, "the candidate was not measured here")
        return
    old, new = pair.baseline.report, pair.candidate.report
    if differences := tuple(_differences(old, new)):
        yield _plain(pair.name, Verdict.NOT_COMPARABLE, f"measured in another way: {', '.join(differences)}")
        return
    sides = _Sides(pair.name, old, new, _tables(pair.baseline, pair.candidate))
    yield from _rows(sides, gates)
    for name in dict.fromkeys((*old.leading, *(name for name in gates.also if name in old.metrics))):
        yield from _measure(sides, name, gates)


def _differences(old: Report, new: Report) -> Iterator[str]:
    stated = {
        "protocol": (old.protocol, new.protocol),
        "corpus": (old.data.corpus, new.data.corpus),
        "split": (old.data.split, new.data.split),
        "rows of the split": (old.data.rows, new.data.rows),
        "what is drawn": (old.data.cluster, new.data.cluster),
        "kind": (old.kind, new.kind),
        "labels": (old.labels, new.labels),
        "who stated the groups": (old.self_reported, new.self_reported),
    }
    yield from (name for name, (one, other) in stated.items() if one != other)
    if new.identities.shared:
        yield f"{new.identities.shared} people also stood in training"


def _tables(baseline: Measured, candidate: Measured) -> tuple[Scores, Scores] | None:
    if baseline.scores is None or candidate.scores is None:
        return None
    return aligned(baseline.scores, candidate.scores)


def _rows(sides: _Sides, gates: Gates) -> Iterator[Check]:
    """A model must not look better by declining to judge: everybody's rows, and those of every group."""
    counted = [("", "", sides.old.n, sides.new.n)]
    after = {(row.attribute, row.value): row.n for row in sides.new.slices if row.metric == sides.new.leading[0]}
    counted += [
        (row.attribute, row.value, row.n, after[row.attribute, row.value])
        for row in sides.old.slices
        if row.metric == sides.old.leading[0] and (row.attribute, row.value) in after
    ]
    for attribute, value, before, now in counted:
        found, limit = lost_rows(before, now), gates.refusals.rows
        verdict = Verdict.BLOCKED if found.low is not None and found.low > limit else Verdict.PASS
        if before < gates.least.rows:
            verdict = Verdict.NOT_ENOUGH_DATA
        reason = f"{max(0, before - now)} of {before} rows judged before are refused now"
        yield Check(sides.name, "", attribute, value, Asked.ROWS, verdict, reason, before, now, found, limit, before)


def _measure(sides: _Sides, name: str, gates: Gates) -> Iterator[Check]:
    if name not in sides.new.metrics:
        yield _gone(sides, name, None)
        return
    before, after = sides.old.metrics[name], sides.new.metrics[name]
    now = {(row.attribute, row.value): row for row in sides.new.slices if row.metric == name}
    rows = [row for row in sides.old.slices if row.metric == name]
    twins = [_Twins(row, now[row.attribute, row.value]) for row in rows if (row.attribute, row.value) in now]
    yield from (_gone(sides, name, row) for row in rows if (row.attribute, row.value) not in now)
    whole, groups = _evidence(sides, name, twins)
    limit = limits(gates, name, before.value or 0.0)
    n, clusters = min(before.n, after.n), min(sides.old.clusters, sides.new.clusters)
    draft = Check(sides.name, name, "", "", Asked.WHOLE, Verdict.NOT_ENOUGH_DATA, "", before.value, after.value)
    yield settled(_with(draft, whole, limit.fall, n, clusters), limit.doubt, gates.least)
    for twin, found in zip(twins, groups, strict=True):
        one, two = twin.before, twin.after
        n, clusters = min(one.n, two.n), min(one.clusters, two.clusters)
        said = ((one.difference, two.difference), (one.figure, two.figure))
        for asked, evidence, (was, now_is) in zip((Asked.GAP, Asked.FALL), found, said, strict=True):
            draft = Check(sides.name, name, one.attribute, one.value, asked, Verdict.NOT_ENOUGH_DATA, "", was, now_is)
            yield settled(_with(draft, evidence, limit.gap, n, clusters), limit.doubt, gates.least)


def _evidence(sides: _Sides, name: str, twins: Sequence[_Twins]) -> tuple[Evidence, list[tuple[Evidence, Evidence]]]:
    """How sure the change of everybody is, and per group those of its gap and of its own figure."""
    if sides.same:
        return NOTHING, [(NOTHING, NOTHING) for _ in twins]
    if sides.tables is not None:
        groups = [sides.tables[0].slices[twin.before.attribute] == twin.before.value for twin in twins]
        change = paired(measure(name, sides.tables[0]), *sides.tables, groups)
        return change.whole, list(zip(change.gap, change.fall, strict=True))
    before, after = sides.old.metrics[name], sides.new.metrics[name]
    better = before.higher_is_better
    whole = apart(Estimate(before.value, before.low, before.high), Estimate(after.value, after.low, after.high), better)
    return whole, [
        (apart(_gap(twin.before), _gap(twin.after), better), apart(_own(twin.before), _own(twin.after), better))
        for twin in twins
    ]


def _gap(row: SliceRow) -> Estimate:
    return Estimate(row.difference, row.difference_low, row.difference_high)


def _own(row: SliceRow) -> Estimate:
    return Estimate(row.figure, row.low, row.high)


def _with(check: Check, evidence: Evidence, limit: float, n: int, clusters: int) -> Check:
    return replace(check, evidence=evidence, limit=limit, n=n, clusters=clusters)


def _gone(sides: _Sides, name: str, row: SliceRow | None) -> Check:
    what, attribute, value = ("measure", "", "") if row is None else ("group", row.attribute, row.value)
    reason = f"the baseline has this {what}, the candidate has not"
    return Check(sides.name, name, attribute, value, Asked.PRESENT, Verdict.BLOCKED, reason, n=row.n if row else 0)


def _plain(bundle: str, verdict: Verdict, reason: str) -> Check:
    return Check(bundle, "", "", "", Asked.SAME, verdict, reason)
