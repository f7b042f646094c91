"""`countenance tap`: look at a live call without reading anybody, or play recordings as if they were one."""

import asyncio
import json
import time
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.app import app
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.assembly import Job
    from countenance.worker.call import LiveConnector
    from countenance.worker.looking import Sight

EPILOG = """
Examples: countenance tap janus --set url=ws://127.0.0.1:8188 --dry-run ·
countenance tap janus --deployment call.toml --set url=ws://127.0.0.1:8188 --set room=1234 --dry-run
"""


@app.command(epilog=EPILOG)
def tap(
    source: Annotated[str, typer.Argument(help="whip, janus, mediasoup, livekit, file, or module:attribute.")],
    deployment: Annotated[
        Path | None, typer.Option(help="A TOML file that says who is on the call, and who agreed.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: a key of the source, such as room=1234.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decode nothing; say what would be decoded.")] = False,
    seconds: Annotated[float, typer.Option(help="How long a dry run looks.", min=0.1, max=600)] = 2.0,
    out: Annotated[Path | None, typer.Option(help="Folder for the report of recordings that are played.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show tracks, law, consents and what would be decoded of a live call; or play recordings at their own speed.

    People are looked for on the media server under their `id` in the deployment file, or their name. Without a room, a
    dry run lists the calls there are: the rooms of the media server, or, for whip, the calls of the running service.
    """
    from countenance.assembly import assemble
    from countenance.deployment import read_deployment

    keys = _settings(setting or ())
    if dry_run and _names_no_call(source, keys, deployment):
        _list(source, keys, as_json)
        return
    if deployment is None:
        _check(source)
        raise UsageError("it is not said who is on the call", "Name them, and who agreed, in a file: --deployment.")
    asked = read_deployment(deployment)
    if not dry_run:
        if source != "file" or out is None:
            raise UsageError(
                f"{source} is read by `countenance serve`",
                "Begin the call there with POST /v1/calls; here, add --dry-run, or play a file with --out.",
            )
        _play(assemble(asked, datetime.now(UTC).date()), out, as_json)
        return
    job = assemble(asked, datetime.now(UTC).date())
    _show(asyncio.run(_look(job, source, keys, seconds)), as_json)


def _check(source: str) -> None:
    """A source that is misspelt says more than whatever else is missing; raises UsageError."""
    from countenance.inference.tables import near
    from countenance.worker.sources import SOURCES

    if source not in SOURCES and ":" not in source:
        raise UsageError(f"unknown source {source!r}", near(source, SOURCES))


def _names_no_call(source: str, keys: Mapping[str, Any], deployment: Path | None) -> bool:
    """Whether the calls there are is all that can be told."""
    if source == "whip":
        return deployment is None
    return source in ("janus", "mediasoup", "livekit") and "room" not in keys


def _list(source: str, keys: Mapping[str, Any], as_json: bool) -> None:
    from countenance.cli.lobby import calls_there

    found = calls_there(source, keys)
    if as_json:
        typer.echo(json.dumps(found))
    elif not found:
        typer.echo("no call is going on there", err=True)
    else:
        _table([tuple(found[0]), *(tuple(str(one) for one in row.values()) for row in found)])
    if found and source != "whip":
        typer.echo("Who agreed, and what would be decoded of one: add --set room=... and --deployment.", err=True)


def _play(job: "Job", out: Path, as_json: bool) -> None:
    """Analyse recordings while they are played at their own speed."""
    from dataclasses import replace

    from countenance.analysis.run import analyse
    from countenance.capture.playing import PacedConnector
    from countenance.capture.replay import ReplayConnector
    from countenance.cli.running import progress_of, show_outcome

    if not isinstance(job.connector, ReplayConnector):
        raise UsageError("the deployment names a connector of its own", "Leave `connector` out to play its recordings.")
    with progress_of(as_json) as progress:
        outcome = analyse(replace(job, connector=PacedConnector(job.connector, _mono_us)), out, progress)
    show_outcome(outcome, as_json)


async def _look(job: "Job", source: str, keys: Mapping[str, Any], seconds: float) -> "list[Sight]":
    from countenance.worker.call import Clock
    from countenance.worker.looking import sights, tracks_of
    from countenance.worker.parts import Recipe
    from countenance.worker.sources import connector_of

    if source == "file" and "recordings" not in keys:
        keys = {**keys, "recordings": {who: str(one.path) for who, one in job.recordings.items()}}
    connector = connector_of({"kind": source, **keys}, Recipe(), Clock(_mono_us, _mono_us()))
    await _know(job, connector)
    return sights(job.permissions, await tracks_of(connector, job.permissions, seconds))


async def _know(job: "Job", connector: "LiveConnector") -> None:
    """Media servers that call people by names of their own are told whose they are."""
    from countenance.capture.remote import RemoteConnector

    if isinstance(connector, RemoteConnector):
        for participant, person in zip(job.call.participants, job.deployment.participant, strict=True):
            connector.know(person.known_as, participant.id)


def _show(found: "Sequence[Sight]", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([one.plain() for one in found]))
        return
    rows = [("who", "role", "reads", "track", "law", "consent", "would be decoded")]
    for one in found:
        told = one.plain()
        verdict = "yes" if one.decoded else f"no ({one.reason})"
        rows.append((told["name"], told["role"], told["modality"], one.track_id or "-", one.law, one.consent, verdict))
    _table(rows)


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _settings(specs: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` as TOML has it; what is no TOML value is text."""
    keys: dict[str, Any] = {}
    for spec in specs:
        name, found, value = spec.partition("=")
        if not found or not name:
            raise UsageError(f"--set {spec!r} is not NAME=VALUE", "For example: --set room=1234")
        try:
            keys[name] = tomllib.loads(f"value = {value}")["value"]
        except (tomllib.TOMLDecodeError, RecursionError):
            keys[name] = value
    return keys


def _mono_us() -> int:
    return time.monotonic_ns() // 1000
