"""What anybody may know of a deployment: what it can read, under which law, and how long anything is kept."""

from collections.abc import Mapping
from datetime import date

from countenance import __version__
from countenance.contracts.call import FACE, TEXT, VOICE, Role
from countenance.deployment import Deployment, Person
from countenance.evaluation.cards.document import Document
from countenance.evaluation.cards.operator import read_operator
from countenance.evidence.compose import compose
from countenance.evidence.notices import said
from countenance.evidence.plan import own_fields, paper
from countenance.evidence.standing import Standing, standing
from countenance.server.config import Deployed
from countenance.server.tenancy import Services
from countenance.surface.wording import Wording

MODALITIES = (FACE, VOICE, TEXT)


def advert(services: Services, models: Mapping[str, str], today: date) -> Mapping[str, object]:
    """What a client learns before it joins: consent comes first, and what it would be asked for."""
    stands = _standing(services.deployed, today)
    allowed = [ruling for _, rulings in stands.people() for ruling in rulings.values() if ruling.allowed]
    read = stands.read()
    packs = [
        {"id": law.id, "version": law.checked_on.isoformat(), "digest": stands.gate.digest} for law in stands.gate.laws
    ]
    cards = [{"id": name, "version": name.rpartition(".")[2], "card": f"/v1/models/{name}"} for name in sorted(models)]
    return {
        "consent_required": True,
        "modalities": [modality for modality in MODALITIES if modality in read],
        "retention_days": max((ruling.duties.retention_days for ruling in allowed), default=0),
        "policy_packs": packs,
        "models": cards,
        "purposes": [str(services.deployed.purpose)],
        "notice": "/v1/calls/{call_id}/participants/{participant_id}/notice",
        "erasure": "/v1/calls/{call_id}/participants/{participant_id}/data",
        "retention": f"/privacy/retention/{services.name}",
        "audit": {"checkpoint": "/v1/audit/checkpoint", "verifier_key": str(services.tenant.log.key.verifier)},
        "version": __version__,
    }


def retention_policy(deployed: Deployed, today: date, wording: Wording) -> Document:
    """The public retention policy, the same as in the evidence pack, in the language of whoever asks."""
    stands = _standing(deployed, today)
    operator = {} if deployed.operator is None else read_operator(deployed.operator, own_fields())
    return compose(paper("retention"), stands, said(stands, operator), wording)


def as_deployment(deployed: Deployed) -> Deployment:
    """As a call with one person of each role would be deployed."""
    people = tuple(Person(name=role.value, role=role) for role in Role)
    return Deployment(
        purpose=deployed.purpose,
        jurisdictions=deployed.jurisdictions,
        participant=people,
        deployment_id=deployed.id,
        facts=deployed.facts,
        overlays=deployed.overlays,
        terms=deployed.terms,
        profile=deployed.profile,
        models=deployed.models,
        taxonomies=deployed.taxonomies,
    )


def _standing(deployed: Deployed, today: date) -> Standing:
    return standing(as_deployment(deployed), today)
