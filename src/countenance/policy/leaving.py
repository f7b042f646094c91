"""May what was read of a person leave for a system of record? Limits beyond the ruling that let it be read."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from countenance.contracts.call import TELEMETRY, Purpose, Role
from countenance.contracts.trust import Ruling
from countenance.policy.vocabulary import SUBJECT_ONLY, WORKERS


class System(StrEnum):
    """What keeps the record; of people at work there is none, on purpose."""

    CRM = "crm"
    LMS = "lms"
    EHR = "ehr"


class Stays(StrEnum):
    """Why nothing of a person leaves."""

    WORKER = "worker"
    """What is read of people at work goes into no system, least of all one of their employer's."""
    PURPOSE = "purpose"
    """The call was not for what such a system records."""
    ROLE = "role"
    """Such a system records other people."""
    REFUSED = "refused"
    """Law or charter did not let this person be read."""
    GROUP = "group"
    """This person counts in groups and in nothing else."""
    OWN_EYES = "own_eyes"
    """What is read is for the person alone."""
    MINOR = "minor"
    """Nobody has said that the person is an adult."""
    SHARING = "sharing"
    """Passing it on needs a consent of its own, which is not asked for here."""


PURPOSES: Mapping[System, tuple[Purpose, ...]] = {
    System.CRM: (Purpose.SALES_COACHING, Purpose.SUPPORT_QA),
    System.LMS: (Purpose.EDUCATION_ENGAGEMENT,),
    System.EHR: (Purpose.TELEHEALTH_SUPPORT,),
}
ROLES: Mapping[System, tuple[Role, ...]] = {
    System.CRM: (Role.CUSTOMER, Role.PROSPECT),
    System.LMS: (Role.STUDENT, Role.LEARNER_INDEPENDENT),
    System.EHR: (Role.PATIENT,),
}
SHARING = frozenset({"mhmda_share_consent", "coppa_third_party_consent"})
"""Duties that ask for a consent to passing on."""
INDIVIDUAL = "individual"


def stays(system: System, purpose: Purpose, role: Role, rulings: Iterable[Ruling]) -> Stays | None:
    """None when a human reviewer may let what was read of a person leave; else the first reason against it.

    `rulings`: all that were made about this person in this call.
    """
    if role.value in WORKERS:
        return Stays.WORKER
    if purpose not in PURPOSES[system]:
        return Stays.PURPOSE
    if role not in ROLES[system]:
        return Stays.ROLE
    allowed = [one for one in rulings if one.allowed and one.case.modality != TELEMETRY]
    if not allowed:
        return Stays.REFUSED
    return next((found for one in allowed if (found := _limit(one)) is not None), None)


def _limit(ruling: Ruling) -> Stays | None:
    """What one ruling that allows reading says against passing on."""
    duties = ruling.duties
    if ruling.case.consequence != INDIVIDUAL or duties.aggregate_k is not None:
        return Stays.GROUP
    if SUBJECT_ONLY in duties.names:
        return Stays.OWN_EYES
    if ruling.case.facts.get("minor") != "adult":
        return Stays.MINOR
    return Stays.SHARING if SHARING & set(duties.names) else None
