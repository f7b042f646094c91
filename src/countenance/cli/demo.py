"""`countenance demo`: a live call between two drawn people, to click through; or the same call as a recording."""

import os
import socket
import sys
import webbrowser
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.running import analysed, progress_of, show_outcome

EPILOG = """
Examples: countenance demo · CI=true countenance demo · countenance demo --recorded
"""
USUAL_PORT = 8080


@app.command(epilog=EPILOG)
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the sample call and what comes of it.")] = Path("demo"),
    recorded: Annotated[bool, typer.Option("--recorded", help="Analyse it as a recording, check it, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --recorded: print summary.json.")] = False,
    port: Annotated[int | None, typer.Option(help="The port; 8080, or a free one where that is taken.")] = None,
    seconds: Annotated[int | None, typer.Option(help="Play so far, check what came out, and end.", min=12)] = None,
) -> None:
    """Draw and speak a sample call and open it live: coach, participant and compliance to click through.

    With CI=true it plays once, checks what must come out, and ends.
    """
    why_not = None if recorded else _why_not_live()
    if recorded or why_not is not None:
        if why_not is not None:
            typer.echo(f"{why_not} The recorded demo instead:", err=True)
        _recorded(out, as_json=as_json)
        return
    once = os.environ.get("CI") == "true"
    _live(out, _free(USUAL_PORT) if port is None else port, seconds, once=once)


def _live(out: Path, port: int, seconds: int | None, *, once: bool) -> None:
    from countenance.link.logs import hand_down, set_up
    from countenance.server.demo.running import Demo, clips_of, config_of, run
    from countenance.testing.sample_call.make import make_sample_call
    from countenance.testing.sample_call.script import SALES

    typer.echo("Drawing and speaking the sample call ...", err=True)
    sample = make_sample_call(out / "sales", SALES)
    set_up("lines", "error")
    hand_down("lines", "error", os.environ)
    playing = Demo(sample.script, clips_of(sample), typer.echo)
    if seconds is not None or once:
        playing.until_ms = min(sample.script.length, (seconds or sample.script.length) * 1000)
    else:
        playing.opened = _open
    run(config_of(sample.script, out / "live", "127.0.0.1", port), playing, typer.echo)
    for problem in playing.problems:
        typer.echo(f"did not come out: {problem}", err=True)
    if playing.problems:
        raise typer.Exit(1)
    if playing.until_ms is not None:
        typer.echo("Everything that must come out of the live call came out; its log holds.", err=True)


def _recorded(out: Path, *, as_json: bool) -> None:
    from countenance.deployment import read_deployment
    from countenance.testing.expectations import check_sample_report
    from countenance.testing.sample_call.make import make_sample_call

    typer.echo("Drawing and speaking the sample call ...", err=True)
    sample = make_sample_call(out / "call")
    with progress_of(as_json) as progress:
        outcome = analysed(read_deployment(sample.deployment), out / "report", progress)
    show_outcome(outcome, as_json)
    problems = check_sample_report(outcome.folder, sample.script)
    for problem in problems:
        typer.echo(f"did not come out: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(
        "Everything that the call scripts came out: turns, silences, gaps, refusals, the opt-out, the words.", err=True
    )
    typer.echo(f"Open {(outcome.folder / 'report.html').resolve().as_uri()}", err=True)


def _why_not_live() -> str | None:
    """What the live demo lacks here; None: nothing."""
    import aioice.ice

    if not (resources.files("countenance.server") / "static" / "vendor" / "countenance.js").is_file():
        return "The pages lack what npm brings: install Node and run `make demo`."
    if not aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True):
        return "This machine has no network address over which a browser could send media."
    return None


def _free(port: int) -> int:
    """This port, or 0 where somebody listens there."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return 0
    return port


def _open(url: str) -> None:
    """Show the page where somebody can look."""
    if sys.stdout.isatty() and (
        sys.platform in ("darwin", "win32") or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}
    ):
        webbrowser.open(url)
