"""`countenance analyze`: the recordings of a call into a report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.app import app
from countenance.cli.running import analysed, progress_of, show_outcome
from countenance.contracts.errors import UsageError

EXAMPLE = """
Example: countenance analyze --purpose support_qa --jurisdiction US-CA --participant Ana:customer:ana.mp4
--participant Ben:agent:ben.mp4 --consent Ana=face,voice,text --transcript call.vtt --out report/
"""


@app.command(epilog=EXAMPLE)
def analyze(
    out: Annotated[Path, typer.Option(help="Folder for the report.")],
    deployment: Annotated[Path | None, typer.Option(help="A TOML file that says who is read and why.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the readings are for, such as support_qa.")] = None,
    jurisdiction: Annotated[
        list[str] | None, typer.Option(help="Where people, deployer and use are; unknown means the strictest.")
    ] = None,
    participant: Annotated[list[str] | None, typer.Option(help="NAME:ROLE:FILE, once per person.")] = None,
    consent: Annotated[list[str] | None, typer.Option(help="NAME=face,voice,text: what this person agreed to.")] = None,
    consent_kind: Annotated[
        str | None, typer.Option(help="The form in which you hold the consents; express_written when left out.")
    ] = None,
    withdraw: Annotated[list[str] | None, typer.Option(help="NAME=MODALITY@MM:SS: taken back in mid-call.")] = None,
    transcript: Annotated[Path | None, typer.Option(help="WebVTT, SRT or JSON lines.")] = None,
    taxonomy: Annotated[list[str] | None, typer.Option(help="Shipped name or TOML file; the first leads.")] = None,
    profile: Annotated[str | None, typer.Option(help="open or commercial: which bundles may load.")] = None,
    models: Annotated[list[Path] | None, typer.Option(help="Folder of models of your own; once per folder.")] = None,
    fps: Annotated[int | None, typer.Option(help="Faces per second, 5 to 10.")] = None,
    started: Annotated[str | None, typer.Option(help="RFC 3339 UTC of the start of the call.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="Data folder that keeps and proves; in the report if none.")
    ] = None,
    coach: Annotated[str | None, typer.Option(help="Advice for a coach by a playbook, such as sales.")] = None,
    accept_damaged: Annotated[bool, typer.Option(help="Take recordings that were cut short as they are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of a table.")] = False,
) -> None:
    """Analyse the recordings of a call, one file per participant, into a report."""
    call = {"purpose": purpose, "jurisdictions": jurisdiction, "transcript": transcript, "started": started}
    manner = {
        "taxonomies": taxonomy,
        "profile": profile,
        "models": {"paths": [folder.resolve() for folder in models]} if models else None,
        "fps": fps,
        "store": store.resolve() if store else None,
        "accept_damaged": accept_damaged or None,
        "coaching": _coaching(coach) if coach else None,
    }
    if deployment is not None and (any(call.values()) or participant or consent or withdraw or consent_kind):
        raise UsageError("--deployment says who is read and why", "Leave these flags out, or put them into the file.")
    with progress_of(as_json) as progress:
        from countenance.deployment import build_deployment, read_deployment

        if deployment is not None:
            asked = read_deployment(deployment, _given(manner))
        else:
            kind = consent_kind or "express_written"
            people = _people(participant or [], consent or [], kind, withdraw or [])
            asked = build_deployment({**_given(call), **_given(manner), "participant": people}, "command line")
        outcome = analysed(asked, out, progress)
    show_outcome(outcome, as_json)


def _given(flags: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flags.items() if value is not None}


def _coaching(coach: str) -> dict[str, Any]:
    """A shipped playbook by name, or a file."""
    return {"file": Path(coach).resolve()} if coach.endswith(".toml") else {"playbook": coach}


def _people(specs: list[str], consents: list[str], kind: str, withdrawals: list[str]) -> list[dict[str, Any]]:
    """The participants' tables with consents and withdrawals put to their names."""
    from countenance.deployment import consent_table, participant_table, withdrawal_table
    from countenance.inference.tables import near

    people = [participant_table(spec) | {"consent": [], "withdraw": [], "consent_kind": kind} for spec in specs]
    names = {person["name"]: person for person in people}
    given = [("consent", *consent_table(spec)) for spec in consents]
    taken = [("withdraw", name, [change]) for name, change in map(withdrawal_table, withdrawals)]
    for key, name, rows in [*given, *taken]:
        if name not in names:
            raise UsageError(f"--{key} names {name!r}, who is not on the call", near(name, names))
        names[name][key] += rows
    return people
