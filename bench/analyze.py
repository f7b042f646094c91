"""How fast a recorded call is analysed, and where the time goes.

    python -m bench.analyze [--seconds 120] [--media ANA BEN] [--fps 5]

Two people, both read in full, 640x360 at 30 frames per second (H.264, drawn by the project unless `--media` is given),
no speech recognition. Prints media seconds per wall second, each stage's share of the CPU, and start-up to the first
progress.
"""

import argparse
import functools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import onnxruntime

from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.audit.log import Log
from countenance.capture.reading import TrackReader
from countenance.capture.samplers import FaceSampler
from countenance.capture.speech import VoiceSampler
from countenance.deployment import build_deployment
from countenance.encoders.cues import CuesEncoder
from countenance.encoders.face import FaceExpressionEncoder
from countenance.encoders.text import TextEncoder
from countenance.encoders.voice import VoiceEncoder
from countenance.surface.files import CallFiles

RESULTS = Path(__file__).parent / "results"
STAGES: tuple[tuple[str, type, str], ...] = (
    ("decode and convert", TrackReader, "until"),
    ("find and align faces", FaceSampler, "samples"),
    ("speech activity and baseline", VoiceSampler, "samples"),
    ("face expression", FaceExpressionEncoder, "encode"),
    ("face cues", CuesEncoder, "encode"),
    ("voice", VoiceEncoder, "encode"),
    ("text", TextEncoder, "encode"),
    ("audit log", Log, "append_all"),
    ("write readings", CallFiles, "deliver"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--media", type=Path, nargs=2)
    parser.add_argument("--fps", type=int, default=5, help="faces a second")
    parser.add_argument("--save", action="store_true", help="write bench/results/analyze.json")
    asked = parser.parse_args()
    spent = instrument()
    with tempfile.TemporaryDirectory() as folder:
        media = asked.media or drawn(Path(folder), asked.seconds)
        runs = [measure(media, Path(folder) / f"report{n}", asked.fps) for n in range(asked.repeats)]
        start = statistics.median(start_up(media, Path(folder) / f"start{n}") for n in range(asked.repeats))
    seconds = runs[0][0]
    factor = statistics.median(s / wall for s, wall, _ in runs)
    total = sum(cpu for _, _, cpu in runs)
    shares = {name: round(spent[name] / total, 4) for name, _, _ in STAGES}
    shares["all else"] = round(1 - sum(shares.values()), 4)
    form = "recordings that were given" if asked.media else "640x360 30 fps H.264"
    result = {
        "what": f"two people, {seconds:.0f} s, {form}, {asked.fps} faces per second, no speech recognition",
        "times_real_time": round(factor, 2),
        "wall_times_real_time_each": [round(s / wall, 2) for s, wall, _ in runs],
        "cpu_ms_per_participant_second": round(1000 * total / sum(2 * s for s, _, _ in runs), 2),
        "stage_shares_of_cpu": shares,
        "start_to_first_progress_s": round(start, 2),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": machine(),
    }
    print(json.dumps(result, indent=2))
    if asked.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "analyze.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def drawn(folder: Path, seconds: int) -> tuple[Path, Path]:
    """Recordings drawn by the project, made in a process of their own so that its memory is not counted here."""
    subprocess.run([sys.executable, "-m", "bench.calls", str(folder), str(seconds)], check=True)
    return folder / "ana.mp4", folder / "ben.mp4"


def instrument() -> defaultdict[str, float]:
    """Add up the CPU time of the thread that runs each stage."""
    spent: defaultdict[str, float] = defaultdict(float)
    for name, owner, method in STAGES:
        setattr(owner, method, timed(getattr(owner, method), name, spent))
    return spent


def timed(call: Callable[..., Any], name: str, spent: defaultdict[str, float]) -> Callable[..., Any]:
    """The same call, with its thread time added to a name."""

    @functools.wraps(call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passes anything through
        before = time.thread_time()
        try:
            return call(*args, **kwargs)
        finally:
            spent[name] += time.thread_time() - before

    return wrapper


def deployment(media: tuple[Path, Path], fps: int = 5) -> dict[str, Any]:
    """Two customers who agreed to everything, so that both are read."""
    table: dict[str, Any] = {"purpose": "support_qa", "jurisdictions": ["US-CA"], "fps": fps}
    agreed = {"role": "customer", "consent": ["face", "voice", "text"]}
    table["participant"] = [{"name": name, "media": str(m), **agreed} for name, m in zip("AB", media, strict=True)]
    return table


def measure(media: tuple[Path, Path], out: Path, fps: int) -> tuple[float, float, float]:
    """Media seconds, wall seconds and CPU seconds of one analysis, loading of models included."""
    wall, cpu = time.perf_counter(), time.process_time()
    job = assemble(build_deployment(deployment(media, fps), "bench"), date(2026, 11, 22))
    analyse(job, out, unheard)
    return job.duration_us / 1e6, time.perf_counter() - wall, time.process_time() - cpu


def unheard(done_us: int, total_us: int) -> None:
    """Nobody watches."""


FIRST = """
import os, sys, json
from datetime import date
from pathlib import Path
import countenance.cli
from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.deployment import build_deployment
def first(done_us, total_us):
    os._exit(0)
analyse(assemble(build_deployment(json.loads(sys.argv[1]), "bench"), date(2026, 11, 22)), Path(sys.argv[2]), first)
"""


def start_up(media: tuple[Path, Path], out: Path) -> float:
    """Seconds from starting Python to the first call of the progress bar, models loaded."""
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST, json.dumps(deployment(media)), str(out)], check=True)
    return time.perf_counter() - before


def machine() -> dict[str, Any]:
    """What was measured on."""
    cpu = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }


if __name__ == "__main__":
    main()
