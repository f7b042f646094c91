"""`countenance policy explain`: what law and charter say of one case."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from countenance.cli.app import policy
from countenance.contracts.errors import UsageError


@policy.command("explain")
def policy_explain(
    purpose: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option()],
    modality: Annotated[str, typer.Option()],
    jurisdiction: Annotated[list[str] | None, typer.Option()] = None,
    output: Annotated[str | None, typer.Option(help="What is inferred, such as engagement.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today when left out.")] = None,
) -> None:
    """Say whether a modality of a person may be read, by which rules, and with which duties."""
    from countenance.contracts.call import Purpose, Role
    from countenance.contracts.trust import Case
    from countenance.inference.tables import near
    from countenance.policy.explain import explain
    from countenance.policy.gate import Gate
    from countenance.policy.vocabulary import output_of

    for word, known in ((purpose, list(Purpose)), (role, list(Role))):
        if word not in known:
            raise UsageError(f"unknown word {word!r}", near(word, known))
    day = (on or datetime.now(UTC)).date()
    places = tuple(jurisdiction or ())
    asked = output or output_of(modality)
    ruling = Gate.load().rule(Case(Purpose(purpose), Role(role), modality, asked, "individual", places, day))
    typer.echo("\n".join(explain(ruling)))
    if not ruling.allowed:
        raise typer.Exit(3)
