"""Laws carry their own tests: every rule shows cases where it speaks and where it is silent."""

from datetime import timedelta

from countenance.contracts.trust import Case
from countenance.policy.gate import Gate
from countenance.policy.rules import Example, Rule, question_of


def check_examples(gate: Gate) -> list[str]:
    """What is wrong with the examples of these laws, one line each; empty when all hold."""
    return [line for rule in gate.rules for line in (*_untested(rule), *_wrong(gate, rule))]


def speaks(rule: Rule, case: Case) -> bool:
    """True when this rule has a say in this case."""
    about = rule.concerns(question_of(case)) and bool(rule.where(case.jurisdictions))
    return about and rule.fits(case.facts) and rule.in_force(case.on)


def _untested(rule: Rule) -> list[str]:
    seen = {example.speaks for example in rule.examples}
    lines = []
    if True not in seen:
        lines.append(f"{rule.law} {rule.id}: no example shows the rule speaking")
    if rule.applies_from is not None:
        spoken = {(example.case.on, example.speaks) for example in rule.examples}
        if (rule.applies_from, True) not in spoken:
            lines.append(f"{rule.law} {rule.id}: no example on the day it starts")
        if (rule.applies_from - timedelta(days=1), False) not in spoken:
            lines.append(f"{rule.law} {rule.id}: no example on the day before it starts")
    return lines


def _wrong(gate: Gate, rule: Rule) -> list[str]:
    return [line for example in rule.examples for line in _wrong_example(gate, rule, example)]


def _wrong_example(gate: Gate, rule: Rule, example: Example) -> list[str]:
    lines = []
    if speaks(rule, example.case) is not example.speaks:
        lines.append(f"{rule.law} {rule.id}: expected {'to speak' if example.speaks else 'silence'}: {example.case}")
    if gate.rule(example.case).effect is not example.ruling:
        lines.append(f"{rule.law} {rule.id}: expected the gate to {example.ruling}: {example.case}")
    return lines
