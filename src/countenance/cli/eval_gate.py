"""`countenance eval gate`: may this release replace the last one?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import evaluate

EPILOG = """
Exit codes: 0 nothing stands against it, 2 the two cannot be compared, 3 blocked. Example: countenance eval gate
--baseline docs/evaluation/baseline --candidate docs/evaluation
"""


@evaluate.command("gate", epilog=EPILOG)
def eval_gate(
    baseline: Annotated[Path, typer.Option(help="metrics.json of what is released now, or a folder of several.")],
    candidate: Annotated[Path, typer.Option(help="The same of what shall replace it.")],
    thresholds: Annotated[
        Path | None, typer.Option(help="A TOML file with your own limits; it can only make the gate stricter.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Block a release that widens the gap of a group, loses accuracy or calibration, or drops a group.

    By interval and least number of rows, never by the point alone; too little data is said and is no pass. Where
    scores.npz of the same rows lies beside both files, the comparison is paired and far sharper.
    """
    from countenance.evaluation.gate import judge
    from countenance.evaluation.gate_files import pair_up
    from countenance.evaluation.gate_limits import shipped_gates, tightened
    from countenance.evaluation.gate_words import lines, told

    gates = shipped_gates() if thresholds is None else tightened(shipped_gates(), thresholds)
    outcome = judge(pair_up(baseline, candidate), gates)
    typer.echo(json.dumps(told(outcome, gates.version)) if as_json else "\n".join(lines(outcome)))
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)
