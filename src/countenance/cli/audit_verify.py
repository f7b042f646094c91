"""`countenance audit verify`: is a log whole, or does a receipt hold, by nothing but files, its own or served."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.app import audit
from countenance.contracts.errors import AuditError, UsageError

if TYPE_CHECKING:
    from countenance.audit.checkpoint import Checkpoint
    from countenance.audit.folder import LogFolder
    from countenance.audit.remote import LogServer
    from countenance.audit.verify import Report
    from countenance.cli.logs import Trust

SHOWN = 20
"""Findings that are printed; the rest are counted."""


@audit.command("verify")
def audit_verify(
    log: Annotated[
        Path | None, typer.Argument(help="An exported log, a store's data folder, a .tlog-proof or a receipt.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="In place of a folder: where a log is served, by any server.")] = None,
    completeness: Annotated[
        bool, typer.Option("--completeness", help="Also: does every result have its lease, ruling, consent and model.")
    ] = False,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="Kept from before: a checkpoint, a receipt or an older export; repeatable."),
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="A C2SP tlog-policy: trusted logs, witnesses, quorum.")] = None,
    key: Annotated[str | None, typer.Option(help="The log's public key, or a file with it.")] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the policy's witnesses whether this is the newest state.")
    ] = False,
    credential: Annotated[
        str | None,
        typer.Option(envvar="COUNTENANCE_KEY", help="For --url, where it is not open; better in the variable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a log or a receipt offline, or a log where it is served; names the first bad entry.

    Example: countenance audit verify data/log --completeness --checkpoint last-week.checkpoint
    Example: countenance audit verify --url https://calls.example.org/v1/audit --key log.example+1a2b3c4d+AbC...
    """
    from countenance.audit.verify import verify
    from countenance.cli.logs import memory_of, trusted

    trust = trusted(policy, key)
    if log is not None and log.is_file():
        _claim(log, trust)
        return
    folder, trust = _source(log, url, credential, trust)
    report = verify(folder, trust.policy, memory_of(checkpoint or ()), completeness=completeness)
    strays = _strays(folder, report)
    if as_json:
        typer.echo(json.dumps(_table(report, trust, strays)))
    else:
        for finding in report.findings[:SHOWN]:
            typer.echo(f"entry {finding.seq}: {finding.problem}", err=True)
        for stray in strays[:SHOWN]:
            typer.echo(stray, err=True)
    _refuse(folder, report, strays)
    if ask:
        _ask(folder, report.point, trust)
    if not as_json:
        typer.echo(_said(folder, report, trust, completeness))


def _source(
    log: Path | None, url: str | None, credential: str | None, trust: "Trust | None"
) -> tuple["LogFolder | LogServer", "Trust"]:
    """Where the log is read, and whom to believe: a server's own key is no reason to believe that server."""
    from countenance.audit.remote import LogServer
    from countenance.cli.logs import log_folder, own

    if (log is None) == (url is None):
        raise UsageError("a folder or --url is needed, and not both", "Example: countenance audit verify data/log")
    if log is not None:
        folder = log_folder(log)
        return folder, trust or own(folder)
    if trust is None:
        raise UsageError("a log over the network needs a key from elsewhere", "Give it with --key, or a --policy.")
    return LogServer(url or "", credential), trust


def _strays(folder: "LogFolder | LogServer", report: "Report") -> list[str]:
    from countenance.audit.folder import LogFolder

    found = folder.strays(report.point.size) if isinstance(folder, LogFolder) else ()
    return [f"{tile.path} is left over and does not agree with the log" for tile in found]


def _ask(folder: "LogFolder | LogServer", point: "Checkpoint", trust: "Trust") -> None:
    """Raise AuditError when a witness has seen more of this log, or another history of it."""
    from countenance.audit.merkle import consistency
    from countenance.audit.note import parse_note
    from countenance.audit.tree import Tree
    from countenance.audit.witness_http import cosigned

    tree, note = Tree(folder, point), parse_note(folder.checkpoint())
    for witness in trust.policy.witnesses:
        cosigned(note, witness, lambda old: consistency(tree, old, point.size), point.size)


def _refuse(folder: "LogFolder | LogServer", report: "Report", strays: list[str]) -> None:
    count = len(report.findings) + len(strays)
    if report.findings:
        first = f"{count} findings, the first at entry {report.first_bad}"
        raise AuditError(f"{folder.root}: {first}", "Keep the folder as evidence.")
    if strays:
        raise AuditError(f"{folder.root}: {count} findings", "Keep the folder as evidence.")


def _said(folder: "LogFolder | LogServer", report: "Report", trust: "Trust", completeness: bool) -> str:
    entries = f"{report.entries} entries" + (f" from entry {report.minimum} on" if report.minimum else "")
    held = ", every result has its lease, ruling, consent and model" if completeness else ""
    erased = f" Entries that say somebody was erased: {report.erased}." if report.erased else ""
    return (
        f"{folder.root}: {entries} of {report.point.origin}, signed, whole and in order{held}.{erased}\n"
        f"Root {report.point.root.hex()} at size {report.point.size}. Trusted: {trust.words}."
    )


def _table(report: "Report", trust: "Trust", strays: list[str]) -> dict[str, object]:
    return {
        "origin": report.point.origin,
        "size": report.point.size,
        "root": report.point.root.hex(),
        "entries": report.entries,
        "minimum": report.minimum,
        "erased": report.erased,
        "trusted": trust.words,
        "first_bad": report.first_bad,
        "findings": [{"seq": one.seq, "problem": one.problem} for one in report.findings],
        "strays": strays,
    }


def _claim(path: Path, trust: "Trust | None") -> None:
    """A proof that carries its entry, or a receipt."""
    from countenance.audit.claim import parse_claim, verify_claim
    from countenance.audit.deletion import SCHEMA, verify_deletion
    from countenance.audit.quorum import Policy
    from countenance.cli.logs import OWN_KEY, Trust, bytes_of, receipt_in
    from countenance.consent.receipt import check_receipt

    data = bytes_of(path)
    claim = parse_claim(data)
    if trust is None and claim.key is None:
        raise AuditError(f"{path} brings no key of the log", "Give the log's key with --key, or a --policy.")
    trust = trust or Trust(Policy.trusting(*filter(None, [claim.key])), OWN_KEY)
    leaf, point = verify_claim(claim, trust.policy)
    if claim.key is not None:
        receipt = receipt_in(data)
        if receipt.get("schema") == SCHEMA:
            typer.echo(_deleted(path, verify_deletion(data, trust.policy).statement))
        elif leaf["kind"] == "CONSENT":
            check_receipt(receipt)
    typer.echo(
        f"{path}: holds. Entry {leaf['seq']} ({leaf['kind']}, {leaf['t_utc']}) is in {point.origin}, "
        f"{point.size} entries, root {point.root.hex()}. Trusted: {trust.words}."
    )


def _deleted(path: Path, statement: Mapping[str, Any]) -> str:
    keys = statement["keys"]
    at, by = keys["destroyed_at"], keys["destroyed_by"]
    key = f"was destroyed {at}" if at else f"is to be destroyed by {by}"
    return f"{path}: erased {statement['erased_at']}; the key of earlier backups {key}."
