"""The whole space, about a million cases: one decision each, and the one that was agreed to (`everything.txt`).

A change of any law changes the line of a purpose. Write the page anew with `python -m tests.policy.test_everything`
after reading the difference in `allowed.txt`, which shows what the change means.
"""

import hashlib
from collections.abc import Hashable, Iterator
from itertools import groupby
from pathlib import Path

import pytest
from bench.policy import TODAY, cases

from countenance.contracts.trust import Case, Effect, Ruling
from countenance.policy.gate import Gate

PAGE = Path(__file__).with_name("everything.txt")
ALL = 1_123_200


def said(ruling: Ruling) -> Hashable:
    """What of a ruling matters: the answer, every rule that speaks, every duty."""
    return ruling.effect, tuple(verdict.rule_id for verdict in ruling.verdicts), ruling.duties


def lines(gate: Gate) -> Iterator[str]:
    """One line per purpose: how many cases are allowed and refused, and a digest of all that was said."""
    short: dict[Hashable, bytes] = {}
    for purpose, asked in groupby(cases(), key=lambda case: case[0]):
        digest, allowed, refused = hashlib.sha256(), 0, 0
        for _, role, modality, output, consequence, places, facts in asked:
            ruling = gate.rule(Case(purpose, role, modality, output, consequence, places, TODAY, facts))
            effects = {verdict.effect for verdict in ruling.verdicts}
            assert effects == {Effect.DENY} if not ruling.allowed else effects <= {Effect.ALLOW, Effect.REQUIRE}
            allowed, refused = allowed + ruling.allowed, refused + (not ruling.allowed)
            key = said(ruling)
            if key not in short:
                short[key] = hashlib.sha256(repr(key).encode()).digest()
            digest.update(short[key])
        yield f"{purpose}: {allowed} allowed, {refused} refused, {digest.hexdigest()[:16]}"


@pytest.mark.slow
def test_every_case_there_is_gets_the_ruling_that_was_agreed_to(gate: Gate) -> None:
    found = list(lines(gate))
    counts = [int(word) for line in found for word in line.replace(",", "").split() if word.isdigit()]
    assert sum(counts) == ALL
    assert found == PAGE.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    PAGE.write_text("".join(f"{line}\n" for line in lines(Gate.load())), encoding="utf-8")
