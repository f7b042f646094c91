"""The command line. Data goes to stdout, progress and faults to stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by law or charter, 130 interrupted (the same command goes on).
"""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance import __version__
from countenance.contracts.errors import AuditError, CountenanceError, UsageError

if TYPE_CHECKING:
    from countenance.analysis.run import Outcome
    from countenance.deployment import Deployment

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Engagement signals for calls, read only where each person has permitted it. Signals, not feelings.",
)
audit = typer.Typer(no_args_is_help=True, help="Check the log that every analysis leaves.")
policy = typer.Typer(no_args_is_help=True, help="Ask what law and charter say.")
app.add_typer(audit, name="audit")
app.add_typer(policy, name="policy")
data = typer.Typer(no_args_is_help=True, help="Look at labelled data before training on it.")
app.add_typer(data, name="data")

EXAMPLE = """
Example: countenance analyze --purpose support_qa --jurisdiction US-CA --participant Ana:customer:ana.mp4
--participant Ben:agent:ben.mp4 --consent Ana=face,voice,text --transcript call.vtt --out report/
"""


@app.command(epilog=EXAMPLE)
def analyze(
    out: Annotated[Path, typer.Option(help="Folder for the report.")],
    deployment: Annotated[Path | None, typer.Option(help="A TOML file that says all of the following.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the readings are for, such as support_qa.")] = None,
    jurisdiction: Annotated[
        list[str] | None, typer.Option(help="Where people, deployer and use are; unknown means the strictest.")
    ] = None,
    participant: Annotated[list[str] | None, typer.Option(help="NAME:ROLE:FILE, once per person.")] = None,
    consent: Annotated[list[str] | None, typer.Option(help="NAME=face,voice,text: what this person agreed to.")] = None,
    consent_kind: Annotated[str, typer.Option(help="The form in which you hold the consents.")] = "express_written",
    withdraw: Annotated[list[str] | None, typer.Option(help="NAME=MODALITY@MM:SS: taken back in mid-call.")] = None,
    transcript: Annotated[Path | None, typer.Option(help="WebVTT, SRT or JSON lines.")] = None,
    taxonomy: Annotated[list[str] | None, typer.Option(help="Shipped name or TOML file; the first leads.")] = None,
    profile: Annotated[str | None, typer.Option(help="open or commercial: which bundles may load.")] = None,
    fps: Annotated[int | None, typer.Option(help="Faces per second, 5 to 10.")] = None,
    started: Annotated[str | None, typer.Option(help="RFC 3339 UTC of the start of the call.")] = None,
    accept_damaged: Annotated[bool, typer.Option(help="Take recordings that were cut short as they are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of a table.")] = False,
) -> None:
    """Analyse the recordings of a call, one file per participant, into a report."""
    if deployment is not None and (purpose or participant or consent or withdraw or transcript):
        raise UsageError("--deployment says it all already", "Leave the other flags out, or put them into the file.")
    with _progress(as_json) as progress:
        from countenance.deployment import build_deployment, read_deployment

        if deployment is not None:
            asked = read_deployment(deployment)
        else:
            flags = {
                "purpose": purpose,
                "jurisdictions": jurisdiction,
                "transcript": transcript,
                "taxonomies": taxonomy,
                "profile": profile,
                "fps": fps,
                "started": started,
                "accept_damaged": accept_damaged,
            }
            table: dict[str, Any] = {key: value for key, value in flags.items() if value is not None}
            table["participant"] = _people(participant or [], consent or [], consent_kind, withdraw or [])
            asked = build_deployment(table, "command line")
        outcome = _analyse(asked, out, progress)
    _show(outcome, as_json)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the sample call and its report.")] = Path("demo"),
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of a table.")] = False,
) -> None:
    """Draw and speak a sample call, analyse it, and check that what it scripts came out."""
    from countenance.deployment import read_deployment
    from countenance.testing.expectations import check_sample_report
    from countenance.testing.sample_call.make import make_sample_call

    typer.echo("Drawing and speaking the sample call ...", err=True)
    sample = make_sample_call(out / "call")
    with _progress(as_json) as progress:
        outcome = _analyse(read_deployment(sample.deployment), out / "report", progress)
    _show(outcome, as_json)
    problems = check_sample_report(outcome.folder, sample.script)
    for problem in problems:
        typer.echo(f"did not come out: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(
        "Everything that the call scripts came out: turns, silences, gaps, refusals, the opt-out, the words.", err=True
    )
    typer.echo(f"Open {(outcome.folder / 'report.html').resolve().as_uri()}", err=True)


@app.command()
def models(
    profile: Annotated[str, typer.Option(help="open or commercial.")] = "open",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the installed bundles, their terms and their measured figures."""
    from countenance.inference.shelf import Profile, Shelf

    if profile not in list(Profile):
        raise UsageError(f"unknown profile {profile!r}", "Use open or commercial.")
    cards = Shelf.installed(Profile(profile)).cards
    if as_json:
        rows = {name: {"licence": c.licence.weights, "commercial": c.licence.commercial} for name, c in cards.items()}
        typer.echo(json.dumps(rows))
        return
    for name, card in sorted(cards.items()):
        typer.echo(f"{name}: {card.summary} Weights: {card.licence.weights}; data: {card.licence.data}.")
        for figure in card.figures:
            band = "" if figure.low is None else f" [{figure.low:.3f}, {figure.high:.3f}]"
            typer.echo(f"    {figure.metric} {figure.value:.3f}{band}, n {figure.n}: {figure.protocol}")


@audit.command("verify")
def audit_verify(log: Annotated[Path, typer.Argument(help="An audit.jsonl.")]) -> None:
    """Check that nothing in a log was changed and that every result has its lease; names the first bad entry."""
    from countenance.audit.verify import read_entries, verify

    entries = read_entries(log)
    findings = verify(entries)
    for finding in findings:
        typer.echo(f"entry {finding.seq}: {finding.problem}", err=True)
    if findings:
        raise AuditError(f"{log}: {len(findings)} findings", "Keep the file as evidence.")
    typer.echo(f"{log}: {len(entries)} entries, chain intact, every result has its lease.")


@data.command("inspect")
def data_inspect(
    path: Annotated[Path, typer.Argument(help="The folder or file of a corpus.")],
    corpus: Annotated[str | None, typer.Option("--as", help="Which corpus it is, when it is not recognised.")] = None,
    trust_pickle: Annotated[bool, typer.Option(help="Read a pickle of CMU-MOSEI: it can run code on load.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recognise a corpus; print counts, classes, demographics, agreement, what is missing, and its licence."""
    from dataclasses import asdict

    from countenance.training.datasets.inspection import inspect, lines

    found = inspect(path, corpus, trust_pickle=trust_pickle)
    typer.echo(json.dumps(asdict(found)) if as_json else "\n".join(lines(found)))


@data.command("store")
def data_store(
    path: Annotated[Path, typer.Argument(help="The folder or file of a corpus, or your own labelled calls.")],
    out: Annotated[Path, typer.Argument(help="Where to write, such as store.jsonl.")],
    corpus: Annotated[str | None, typer.Option("--as", help="Which corpus it is, when it is not recognised.")] = None,
) -> None:
    """Write labelled data as the canonical store: one line of JSON per labelled stretch, votes kept."""
    from countenance.training.datasets.canonical import write_store
    from countenance.training.datasets.inspection import named
    from countenance.training.datasets.store import check_splits, recognise

    reading = (recognise(path) if corpus is None else named(corpus)).read(path)
    check_splits(reading.rows)
    write_store(reading.rows, out)
    typer.echo(f"{out}: {len(reading.rows)} labelled stretches")


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
    from countenance.deployment import near
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


def _people(specs: list[str], consents: list[str], kind: str, withdrawals: list[str]) -> list[dict[str, Any]]:
    """The participants' tables with consents and withdrawals put to their names."""
    from countenance.deployment import consent_table, near, participant_table, withdrawal_table

    people = [participant_table(spec) | {"consent": [], "withdraw": [], "consent_kind": kind} for spec in specs]
    names = {person["name"]: person for person in people}
    given = [("consent", *consent_table(spec)) for spec in consents]
    taken = [("withdraw", name, [change]) for name, change in map(withdrawal_table, withdrawals)]
    for key, name, rows in [*given, *taken]:
        if name not in names:
            raise UsageError(f"--{key} names {name!r}, who is not on the call", near(name, names))
        names[name][key] += rows
    return people


def _analyse(asked: "Deployment", out: Path, progress: Callable[[int, int], None]) -> "Outcome":
    from countenance.analysis.run import analyse
    from countenance.assembly import assemble

    job = assemble(asked, datetime.now(UTC).date())
    try:
        return analyse(job, out, progress)
    except KeyboardInterrupt:
        typer.echo("countenance: interrupted; run the same command again to go on", err=True)
        raise typer.Exit(130) from None


def _progress(quiet: bool) -> AbstractContextManager[Callable[[int, int], None]]:
    if quiet or not sys.stderr.isatty():
        return nullcontext(_silent)
    from countenance.terminal import progress_bar

    return progress_bar()


def _silent(done_us: int, total_us: int) -> None:
    """No terminal, no bar."""


def _show(outcome: "Outcome", as_json: bool) -> None:
    if as_json:
        typer.echo((outcome.folder / "summary.json").read_text(encoding="utf-8"))
        return
    from countenance.terminal import show

    show(outcome.record, outcome.folder)


def main() -> None:
    """Run a command; a fault is one line and an exit code."""
    try:
        app(standalone_mode=True)
    except CountenanceError as error:
        typer.echo(f"countenance: {error.diagnosis}", err=True)
        sys.exit(error.exit_code)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"countenance {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options of the whole program."""
