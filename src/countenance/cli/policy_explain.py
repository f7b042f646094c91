"""`countenance policy explain`: what law and charter say of one case."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import policy
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from countenance.contracts.call import Modality
    from countenance.contracts.trust import Ruling


@policy.command("explain")
def policy_explain(
    purpose: Annotated[str, typer.Option(help="What the readings are for, such as sales_coaching.")],
    role: Annotated[str, typer.Option(help="What the person is to you, such as customer.")],
    modality: Annotated[str, typer.Option(help="face, voice, text or telemetry.")],
    jurisdiction: Annotated[list[str] | None, typer.Option(help="Once per place; none means unknown.")] = None,
    output: Annotated[str | None, typer.Option(help="What is inferred, such as engagement.")] = None,
    consequence: Annotated[str, typer.Option(help="individual, aggregate_only or solely_automated.")] = "individual",
    fact: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, such as minor=adult; unstated is strict.")] = None,
    overlay: Annotated[list[Path] | None, typer.Option(help="A law file of your own, which can only tighten.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today when left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether a modality of a person may be read, by which rules, and with which duties; 3 when refused."""
    from countenance.contracts.call import Purpose, Role
    from countenance.contracts.trust import Case
    from countenance.inference.tables import near
    from countenance.policy.explain import MODALITIES, explain, in_groups, plain, remaining
    from countenance.policy.gate import Gate
    from countenance.policy.vocabulary import output_of

    for word, known in ((purpose, list(Purpose)), (role, list(Role)), (modality, MODALITIES)):
        if word not in known:
            raise UsageError(f"unknown word {word!r}", near(word, known))
    day = (on or datetime.now(UTC)).date()
    places, facts = tuple(jurisdiction or ()), dict(fact_of(one) for one in fact or ())
    asked = output or output_of(modality)
    gate = Gate.load(overlays=overlay or ())
    case = Case(Purpose(purpose), Role(role), modality, asked, consequence, places, day, facts)
    ruling = gate.rule(case)
    rest = remaining(gate, case)
    groups = in_groups(gate, case) if not ruling.allowed else {}
    if as_json:
        others = {"remains": rest, "in_groups": groups}
        told = {name: {m: plain(one) for m, one in found.items()} for name, found in others.items()}
        typer.echo(json.dumps(plain(ruling) | told))
    else:
        lines = explain(ruling)
        if not ruling.allowed:
            lines.append(f"what may be read instead: {', '.join(rest) or 'nothing'}")
        for k, names in _by_size(groups).items():
            lines.append(f"only in groups of at least {k}: {', '.join(names)}")
        typer.echo("\n".join(lines))
    if not ruling.allowed:
        raise typer.Exit(3)


def _by_size(groups: "Mapping[Modality, Ruling]") -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for modality, ruling in groups.items():
        found.setdefault(ruling.duties.aggregate_k or 0, []).append(modality)
    return found


def fact_of(spec: str) -> tuple[str, str]:
    """`NAME=VALUE` as a pair; raises UsageError."""
    name, found, value = spec.partition("=")
    if not found or not name:
        raise UsageError(f"--fact {spec!r} is not NAME=VALUE", "For example: --fact minor=adult")
    return name, value
