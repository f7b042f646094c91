"""The notices that people of this deployment would be shown, in every language there is."""

from collections.abc import Mapping
from types import MappingProxyType

from countenance.consent.notice import Notice, write_notice
from countenance.consent.terms import Terms
from countenance.consent.wording import languages, load
from countenance.evaluation.cards.document import TO_BE_FILLED
from countenance.evidence.standing import Standing

OPEN = f"[{TO_BE_FILLED}]"
UNSTATED = Terms(controllers=(OPEN,), contact=OPEN, storage_locations=(OPEN,), retention_url=OPEN)
SAID_BY_TERMS: Mapping[str, str] = MappingProxyType(
    {
        "controller.name": "controllers",
        "controller.contact": "contact",
        "controller.dpo": "data_protection_officer",
        "dpia.recipients": "recipients",
        "dpia.transfers": "transfers",
        "dpia.storage": "storage_locations",
        "retention.address": "retention_url",
    }
)
"""Operator fields that the deployment's own `[terms]` answer."""


def notices(standing: Standing) -> dict[str, str]:
    """Texts by file name, such as `p_1-customer.en.txt`; nobody is asked for what is refused."""
    texts = {}
    terms = standing.deployment.terms or UNSTATED
    for participant, rulings in standing.people():
        allowed = {modality: ruling for modality, ruling in rulings.items() if ruling.allowed}
        for language in languages() if allowed else ():
            written = write_notice(load(language), allowed, terms)
            texts[f"{participant.id}-{participant.role.value}.{language}.txt"] = _text(written)
    return texts


def said(standing: Standing, operator: Mapping[str, str]) -> dict[str, str]:
    """What the operator says, completed by the terms of the deployment."""
    terms = standing.deployment.terms
    if terms is None:
        return dict(operator)
    found = {key: getattr(terms, name) for key, name in SAID_BY_TERMS.items()}
    told = {key: value if isinstance(value, str) else ", ".join(value) for key, value in found.items() if value}
    return told | dict(operator)


def _text(notice: Notice) -> str:
    head = f"{notice.id}, {notice.language}, sha256 {notice.sha256}"
    return f"{head}\n\n{notice.text}\n{notice.spoken}\n"
