"""`countenance evidence`: everything an officer, a regulator or a buyer asks for, out of the running configuration."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.asked import deployment_in
from countenance.contracts.errors import UsageError

EPILOG = """
Example: countenance evidence --deployment call.toml --store data --out pack --operator operator.toml
"""


@app.command("evidence", epilog=EPILOG)
def evidence(
    deployment: Annotated[Path | None, typer.Option(help="A file of `analyze`, or a countenance.toml.")] = None,
    out: Annotated[Path, typer.Option(help="The folder to write; an earlier pack there is replaced.")] = Path("pack"),
    store: Annotated[Path | None, typer.Option(help="The data folder whose log and consents are summed up.")] = None,
    operator: Annotated[Path | None, typer.Option(help="A TOML file with what only you can say.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="A folder of metrics.json, one folder per bundle.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day whose law applies.")] = None,
    strict: Annotated[bool, typer.Option(help="Fail, naming each, while operator fields are open.")] = False,
    tenant: Annotated[str | None, typer.Option(help="Whose, where a countenance.toml has several.")] = None,
    operator_blank: Annotated[
        bool, typer.Option("--operator-blank", help="Print an operator file to fill, and nothing else.")
    ] = False,
) -> None:
    """Write the impact assessment, technical documentation, notices, retention page, ledger, verification and rulings.

    What only an operator can say is marked as open. The papers describe; they prove no conformity.
    """
    from countenance.evaluation.cards.operator import blank_operator, read_operator
    from countenance.evidence.pack import write_pack
    from countenance.evidence.plan import own_fields
    from countenance.evidence.standing import standing

    if operator_blank:
        typer.echo(blank_operator(own_fields()), nl=False)
        return
    if deployment is None:
        raise UsageError(
            "no deployment was named", "Give --deployment countenance.toml, or that of one call (docs/analyze.md)."
        )
    asked = deployment_in(deployment, tenant)
    if on is not None:
        asked = asked.model_copy(update={"on": on.date()})
    said = {} if operator is None else read_operator(operator, own_fields())
    kept = None
    if store is not None:
        from countenance.evidence.reading import read_store

        kept = read_store(store)
    pack = write_pack(standing(asked, datetime.now(UTC).date(), kept), said, out, metrics, strict)
    left = f"; {len(pack.open)} fields wait for you" if pack.open else ""
    typer.echo(f"{pack.folder}: {len(pack.papers)} papers, the models' documents and the notices{left}", err=True)
    typer.echo(str(pack.folder / "index.html"))
