"""Write `docs/faults.md` out of the results of the fault harnesses.

python -m bench.faults.page            # writes the page
python -m bench.faults.page --check    # exits 1 when the page is not what it would write
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.faults.outcome import RESULTS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
ORDER = (
    "kill", "power", "disk", "clock", "optout", "consent", "simulate", "hours", "mutants", "erasure", "erasure-mutants",
    "erasure-postgres", "webhooks",
)  # fmt: skip
LIVE = Path(__file__).parents[1] / "live" / "results"
"""Harnesses of live calls whose results have the same form."""
LIVE_ORDER = ("stopping", "malformed", "soak")


def main() -> None:
    """Write or check the page."""
    text = page()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == text else "docs/faults.md is stale: run `make faults-page`")
    PAGE.write_text(text, encoding="utf-8")


def page() -> str:
    """The whole page."""
    others = sorted(path.stem for path in RESULTS.glob("*.json") if path.stem not in ORDER)
    found = [RESULTS / f"{name}.json" for name in (*ORDER, *others)]
    found += [LIVE / f"{name}.json" for name in LIVE_ORDER]
    lines = [
        "# Faults",
        "",
        "What happens to the log, to consents and to leases when processes are killed, the power fails, the disk is",
        "full, the clock jumps or a person stops, and what live calls do for an hour of it. Written by",
        "`make faults-page` out of the results of the commands below; never edited by hand. Each command prints one",
        "line of figures and exits 1 on any miss; each but those of live calls is also run against planted bugs, which",
        "it must catch ([tests/faults](../tests/faults)).",
        "",
        *(line for path in found if path.exists() for line in section(json.loads(path.read_text(encoding="utf-8")))),
    ]
    return "\n".join(lines).rstrip() + "\n"


def section(result: dict[str, Any]) -> Iterator[str]:
    """The figures of one harness."""
    yield from (f"## {result['name']} ({result['goal']})", "")
    yield from (f"`{result['command']}` on {result['on']}, {result['machine']}.", "")
    yield from ("| figure | value |", "|---|---|")
    for name, value in result["figures"].items():
        yield f"| {name} | {value} |"
    yield f"| misses | {result['misses']} |"
    yield ""


if __name__ == "__main__":
    main()
