"""`countenance policy check`: what a deployment or a service may read of whom, before anybody is called."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import policy
from countenance.cli.asked import is_of_a_service


@policy.command("check")
def policy_check(
    deployment: Annotated[Path, typer.Argument(help="A file of `analyze --deployment`, or a countenance.toml.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; the file's or today.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say of whom what may be read, person by person in a deployment, role by role in a countenance.toml.

    Exits with 3 when a listed consent does not let it be read, or when nothing may be read of anybody.
    """
    if is_of_a_service(deployment):
        _role_by_role(deployment, (on or datetime.now(UTC)).date(), as_json)
    else:
        _person_by_person(deployment, on, as_json)


def _person_by_person(deployment: Path, on: datetime | None, as_json: bool) -> None:
    from countenance.aggregation.taxonomy import load
    from countenance.assembly import call_of, rule_all
    from countenance.contracts.trust import CONSENT_KINDS
    from countenance.deployment import read_deployment
    from countenance.policy.explain import plain
    from countenance.policy.gate import Gate

    asked = read_deployment(deployment)
    call = call_of(asked)
    day = on.date() if on else asked.on or datetime.now(UTC).date()
    gate = Gate.load(overlays=asked.overlays)
    rulings = rule_all(gate, asked, call, tuple(load(name) for name in asked.taxonomies), day)
    people = {p.id: (p, person) for p, person in zip(call.participants, asked.participant, strict=True)}
    rows, useless = [], False
    for (who, modality), ruling in rulings.items():
        participant, person = people[who]
        listed = modality in person.consent
        strong = CONSENT_KINDS.index(person.consent_kind) >= CONSENT_KINDS.index(ruling.duties.consent)
        useless |= listed and not (ruling.allowed and strong)
        first = ruling.verdicts[0]
        answer = f"allowed, consent: {ruling.duties.consent}" if ruling.allowed else f"refused by {first.rule_id}"
        if listed and ruling.allowed and not strong:
            answer += f"; the consent you hold is {person.consent_kind}, which is not enough"
        rows.append((f"{participant.name} ({participant.role.value})", modality, answer, first.citation, plain(ruling)))
    if as_json:
        typer.echo(json.dumps([{"who": who, "modality": modality, **told} for who, modality, _, _, told in rows]))
    else:
        for who, modality, answer, citation, _ in rows:
            typer.echo(f"{who}: {modality}: {answer} [{citation}]")
    if useless:
        typer.echo(
            "countenance: a consent is listed that does not let this be read; the lines above say which", err=True
        )
        raise typer.Exit(3)
    if not any(ruling.allowed for ruling in rulings.values()):
        typer.echo("countenance: nothing may be read of anybody", err=True)
        raise typer.Exit(3)


def _role_by_role(path: Path, day: date, as_json: bool) -> None:
    from countenance.policy.explain import plain
    from countenance.policy.gate import Gate
    from countenance.server.configfile import load
    from countenance.server.openness import anybody, openness, told

    config = load(path, {}).config
    found = {name: openness(Gate.load(overlays=one.overlays), one, day) for name, one in config.tenants.items()}
    if as_json:
        rows = [
            {"tenant": name, "role": one.role, "modality": modality, **plain(ruling)}
            for name, people in found.items()
            for one in people
            for modality, ruling in one.rulings.items()
        ]
        typer.echo(json.dumps(rows))
    else:
        for name, people in found.items():
            if config.tenant:
                typer.echo(f"[tenant.{name}]")
            typer.echo("\n".join(told(people)))
    shut = [name for name, people in found.items() if not anybody(people)]
    if shut:
        typer.echo(f"countenance: nothing may be read of anybody by {', '.join(shut)}", err=True)
        raise typer.Exit(3)
