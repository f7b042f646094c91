"""Every combination that can be asked of the gate: one decision each, how many, how fast; one line of figures.

`python -m bench.policy` walks purposes, roles, modalities, outputs, consequences, places and four states of knowledge.
"""

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, Effect
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import CONSEQUENCES, FACTS, JURISDICTIONS, OUTPUTS

TODAY = date(2026, 11, 22)
MODALITIES = ("face", "voice", "text", "telemetry")
ALL_STATED = {name: values[0] for name, values in FACTS.items()}
KNOWN: tuple[Mapping[str, str], ...] = (
    {},
    ALL_STATED,
    ALL_STATED | {"minor": "13_to_17"},
    ALL_STATED | {"exception_approved": "yes", "relation": "same_organisation", "b2b": "yes"},
)


def cases() -> Iterator[tuple[Any, ...]]:
    """The whole space."""
    places = [(), *((place,) for place in JURISDICTIONS)]
    return itertools.product(Purpose, Role, MODALITIES, OUTPUTS, CONSEQUENCES, places, KNOWN)


def main() -> None:
    """Decide everything and print what came out."""
    gate = Gate.load()
    seen: Counter[str] = Counter()
    slow: list[float] = []
    began = time.process_time()
    for purpose, role, modality, output, consequence, places, facts in cases():
        asked = Case(purpose, role, modality, output, consequence, places, TODAY, facts)
        before = time.thread_time()
        ruling = gate.rule(asked)
        slow.append(time.thread_time() - before)
        effects = {verdict.effect for verdict in ruling.verdicts}
        if ruling.allowed is (Effect.DENY in effects) or not ruling.verdicts:
            raise SystemExit(f"undecided: {asked}")
        seen[ruling.effect] += 1
    seconds = time.process_time() - began
    slow.sort()
    p50, p99 = slow[len(slow) // 2], slow[int(len(slow) * 0.99)]
    print(
        f"{sum(seen.values())} cases, {seen[Effect.ALLOW]} allowed, {seen[Effect.DENY]} refused, 0 undecided, "
        f"{seconds:.1f} s of CPU; a decision takes {p50 * 1e6:.0f} us (median), {p99 * 1e6:.0f} us (p99)"
    )


if __name__ == "__main__":
    main()
