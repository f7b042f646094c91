"""All fault harnesses, one after the other, and the page of what they found.

python -m bench.faults            # the long forms; hours on a small machine
python -m bench.faults --short    # the same with small numbers; keeps nothing
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from bench.faults import page

SHORT: Mapping[str, Sequence[str]] = {
    "kill": ("--kills", "100", "--per-point", "1"),
    "recovery": ("--entries", "20000"),
    "power": ("--states", "900"),
    "disk": ("--pages", "0,2,5,9,20,40"),
    "clock": ("--trials", "12"),
    "optout": ("--stops", "200"),
    "simulate": ("--seeds", "30"),
    "hours": ("--hours", "0.1"),
    "mutants": (),
    "webhooks": ("--kills", "10", "--faults", "20"),
}


def main() -> None:
    """Run them; exits 1 when one of them missed."""
    short = "--short" in sys.argv[1:]
    missed = []
    for name in SHORT:
        own = SHORT[name] if short else ("--save",)
        if subprocess.run([sys.executable, "-m", f"bench.faults.{name}", *own], check=False).returncode:
            missed.append(name)
    if not short:
        page.main()
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
