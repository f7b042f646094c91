"""A person of a deployment, for the commands about consent: what they are told, and what the gate says of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from countenance.contracts.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from countenance.consent.terms import Terms
    from countenance.contracts.call import Modality
    from countenance.contracts.trust import Ruling
    from countenance.control.consents import Consents
    from countenance.control.opening import Tenant
    from countenance.deployment import Deployment, Person


def consents_of(tenant: "Tenant") -> "Consents":
    """The consents of a tenant."""
    from countenance.control.consents import Consents

    return Consents(tenant.log, tenant.vault, tenant.clock)


def knows(tenant: "Tenant", person: str) -> bool:
    """Whether anything at all is kept under this id of a person."""
    from countenance.consent.ledger import PERSON

    with tenant.store.reading() as tx:
        return tenant.vault.knows(tx, tenant.vault.tag(tx, PERSON, person))


def note_unknown(tenant: "Tenant", person: str) -> None:
    """Say beside an empty answer that the id may be wrong: people are kept by your own ids, not by their names."""
    if not knows(tenant, person):
        typer.echo(
            f"countenance: nothing is kept here about {person!r}. Check the id: it is your own, the `id` of a "
            "deployment file, and the name only where that gives none.",
            err=True,
        )


def asked_of(
    deployment: "Deployment", name: str, modalities: Sequence[str] | None
) -> tuple["Person", "Terms", dict["Modality", "Ruling"]]:
    """A person of a deployment, what people are told there, and the rulings on what is asked of that person."""
    from countenance.aggregation.taxonomy import load
    from countenance.assembly import call_of, rule_all
    from countenance.inference.tables import near
    from countenance.policy.gate import Gate

    if deployment.terms is None:
        raise UsageError(
            "the deployment has no [terms]", "Say who is responsible and how to reach them: docs/consent.md."
        )
    call, gate = call_of(deployment), Gate.load(overlays=deployment.overlays)
    taxonomies = tuple(load(one) for one in deployment.taxonomies)
    rulings = rule_all(gate, deployment, call, taxonomies, deployment.on or datetime.now(UTC).date())
    for person, participant in zip(deployment.participant, call.participants, strict=True):
        if person.name == name:
            mine = {m: ruling for (who, m), ruling in rulings.items() if who == participant.id}
            chosen = tuple(modalities or (m for m, ruling in mine.items() if ruling.allowed))
            if not chosen:
                raise RefusedError.by(next(iter(mine.values())).verdicts, f"Nothing may be asked of {name}.")
            for unknown in (m for m in chosen if m not in mine):
                raise UsageError(f"nothing is ruled about {unknown!r}", near(unknown, mine))
            return person, deployment.terms, {m: mine[m] for m in chosen}
    raise UsageError(f"the deployment names no {name!r}", near(name, [one.name for one in deployment.participant]))
