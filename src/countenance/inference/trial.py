"""Try weights in a process of its own: `python -m countenance.inference.trial FOLDER MEMORY_BYTES CPU_SECONDS`.

Started by `capped.tried`. The limits come first, before a library is loaded or a byte of the weights is read. One line
of JSON comes out: what the network is, or why it is refused.
"""

import ctypes
import json
import resource
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def main(folder: Path, memory: int, seconds: int) -> None:
    """Cap this process, try what lies in the folder, and say what came of it."""
    cap(memory, seconds)
    offline = leave_the_network()
    from countenance.contracts.errors import CountenanceError
    from countenance.inference.fitting import fit

    try:
        answer = {**fit(folder), "offline": offline}
    except CountenanceError as error:
        answer = {"refused": error.problem, "remedy": error.remedy}
    except MemoryError:
        answer = {"refused": f"{folder}: it needs more than {memory >> 20} MB of memory", "remedy": ""}
    sys.stdout.write(json.dumps(answer) + "\n")


def cap(memory: int, seconds: int) -> None:
    """Limit memory, processor time and open files of this process; it can write no file and leaves no core."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def leave_the_network() -> bool:
    """Move into a network of its own, without any device; False where the system does not let us."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
