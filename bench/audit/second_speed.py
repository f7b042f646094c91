"""How long the second verifier takes for a large log; `python -m bench.audit.second_speed [entries]` prints one line.

The log stands on disk; Chromium is asked too where it is installed (COUNTENANCE_CHROMIUM names another).
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.audit.agreement import PROGRAM
from bench.audit.synthetic import Export, entries
from countenance.surface.verify_page import verify_page

CHROMIUM = os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium")
PATIENCE_MS = 900_000


def main(count: int = 1_000_000) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as held:
        log = Path(held) / "log"
        Export(entries(count)).write(log)
        tree_s, tree_cpu_s = in_node(log, "--no-completeness")
        full_s, full_cpu_s = in_node(log)
        page = in_chromium(log, Path(held)) if Path(CHROMIUM).exists() else "no browser is installed"
    print(
        f"verify of {count} entries in Node: {tree_s:.1f} s ({tree_cpu_s:.1f} s of CPU), with completeness "
        f"{full_s:.1f} s ({full_cpu_s:.1f} s of CPU); on the page, with completeness: {page}; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def in_node(log: Path, *flags: str) -> tuple[float, float]:
    """Wall and CPU time of one run."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("Node is not installed")
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([node, PROGRAM, log, *flags], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - began, cpu_s


def in_chromium(log: Path, place: Path) -> str:
    """Wall time from the folder given to the answer shown."""
    from playwright.sync_api import expect, sync_playwright

    page_file = place / "index.html"
    page_file.write_text(verify_page(), encoding="utf-8")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        began = time.perf_counter()
        page.set_input_files("#folder", log, timeout=PATIENCE_MS)
        given_s = time.perf_counter() - began
        expect(page.get_by_role("status")).to_contain_text("Done.", timeout=PATIENCE_MS)
        took_s = time.perf_counter() - began
        said = page.get_by_role("status").inner_text()
        browser.close()
    return f"{took_s:.1f} s, {given_s:.1f} s of them for handing the files over ({said})"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
