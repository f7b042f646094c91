"""What the release gate says: one check, one verdict, one reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from countenance.evaluation.gate_evidence import Evidence, How
from countenance.evaluation.gate_limits import Least


class Verdict(StrEnum):
    """What the gate says, from best to worst."""

    PASS = "pass"
    NOT_ENOUGH_DATA = "not enough data"
    NOT_COMPARABLE = "not comparable"
    BLOCKED = "blocked"


SEVERITY = tuple(Verdict)


class Asked(StrEnum):
    """What a check looks at."""

    WHOLE = "everybody"
    GAP = "gap to everybody"
    FALL = "own figure"
    ROWS = "rows refused"
    PRESENT = "still measured"
    SAME = "same measurement"


@dataclass(frozen=True, slots=True)
class Check:
    """One question with its answer."""

    bundle: str
    measure: str
    attribute: str
    """Empty for everybody."""
    value: str
    asked: Asked
    verdict: Verdict
    reason: str
    before: float | None = None
    after: float | None = None
    evidence: Evidence | None = None
    limit: float | None = None
    n: int = 0
    clusters: int = 0

    @property
    def slice(self) -> tuple[str, str, str]:
        """Which group of which bundle it is about; everybody has empty words."""
        return self.bundle, self.attribute, self.value


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every check, worst first."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict; nothing checked is no pass."""
        return worst(self.checks)

    @property
    def exit_code(self) -> int:
        """0 nothing stands against the release, 2 it could not be compared, 3 blocked."""
        return {Verdict.BLOCKED: 3, Verdict.NOT_COMPARABLE: 2}.get(self.verdict, 0)

    def slices(self) -> tuple[Check, ...]:
        """Per group the one check that decides it, worst first."""
        deciding: dict[tuple[str, str, str], Check] = {}
        for check in self.checks:
            deciding.setdefault(check.slice, check)
        return tuple(deciding.values())


def worst(checks: Sequence[Check]) -> Verdict:
    """The worst verdict of some checks."""
    return max((check.verdict for check in checks), key=SEVERITY.index, default=Verdict.NOT_COMPARABLE)


def decide(evidence: Evidence, limit: float, doubt: float) -> Verdict:
    """The verdict on one change, by its interval alone."""
    if evidence.low is None or evidence.high is None or evidence.change is None:
        return Verdict.NOT_ENOUGH_DATA
    if evidence.low > limit:
        return Verdict.BLOCKED
    return Verdict.PASS if evidence.high <= limit + doubt else Verdict.NOT_ENOUGH_DATA


def settled(check: Check, doubt: float, least: Least) -> Check:
    """The check with its verdict and the reason for it; its evidence, limit, rows and people stand already."""
    if check.n < least.rows or check.clusters < least.people:
        reason = (
            f"{check.n} rows from {check.clusters} people or dialogues; {least.rows} from {least.people} are needed"
        )
        # Nothing is concluded, so no change is stated either.
        return replace(check, verdict=Verdict.NOT_ENOUGH_DATA, reason=reason, evidence=None)
    found, limit = check.evidence, check.limit
    if found is None or limit is None or found.change is None or found.low is None or found.high is None:
        return replace(check, verdict=Verdict.NOT_ENOUGH_DATA, reason="no interval could be drawn")
    verdict = decide(found, limit, doubt)
    if found.how is How.SAME:
        return replace(check, verdict=verdict, reason="the same weights say the same")
    said = f"worse by {found.change:+.4f} [{found.low:+.4f}, {found.high:+.4f}], limit {limit:.4f}, {found.how.value}"
    return replace(check, verdict=verdict, reason=said)


def stricter(check: Check) -> Check:
    """Not enough data blocks too."""
    if check.verdict is not Verdict.NOT_ENOUGH_DATA:
        return check
    return replace(check, verdict=Verdict.BLOCKED, reason=f"not enough data, which blocks here: {check.reason}")


def worst_first(check: Check) -> tuple[int, float, str, str, str, str, str]:
    """Where a check stands in a list: by verdict, then by harm, then by name; rows that were kept tell least."""
    change = check.evidence.change if check.evidence is not None and check.evidence.change is not None else 0.0
    if check.asked is Asked.ROWS and check.verdict is not Verdict.BLOCKED:
        change = float("-inf")
    where = (check.bundle, check.attribute, check.value, check.measure or "~", check.asked.value)
    return (-SEVERITY.index(check.verdict), -change, *where)
