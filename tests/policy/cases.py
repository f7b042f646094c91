"""Cases the policy tests ask about, with everything stated that can be."""

from collections.abc import Mapping
from datetime import date

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case

TODAY = date(2026, 11, 22)
ACME = """
[law]
id = "acme"
name = "House rules of Acme"
layer = "deployer"
source = "decision of the data protection officer"
certainty = "read"
checked_on = 2026-11-01
"""
"""The head of a file of a deployer's own rules."""
STATED = {
    "minor": "adult",
    "relation": "other_organisation",
    "exception_approved": "no",
    "required_by_institution": "no",
    "issues_certificate": "no",
    "b2b": "no",
}


def case(
    purpose: str,
    role: str,
    modality: str,
    *places: str,
    output: str = "engagement",
    consequence: str = "individual",
    on: date = TODAY,
    facts: Mapping[str, str] | None = None,
) -> Case:
    return Case(Purpose(purpose), Role(role), modality, output, consequence, places, on, STATED | dict(facts or {}))
