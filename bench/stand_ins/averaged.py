"""Print what several draws say together, from the counts that they kept.

python -m bench.stand_ins.averaged COUNTS COUNTS ...
"""

import argparse
import json
from pathlib import Path

from bench.stand_ins.score import averaged, told


def main() -> None:
    """Average the draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=Path, nargs="+", help="files written with --counts")
    print(json.dumps(told(averaged(parser.parse_args().counts)), indent=1))


if __name__ == "__main__":
    main()
