"""Where a training computes, and how it is made repeatable."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from countenance.contracts.errors import UsageError

Device = Literal["auto", "cpu", "cuda"]


def begin(device: Device, seed: int, threads: int) -> torch.device:
    """Fix every seed and choose where to compute."""
    place = offered(device)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that still draw from it must repeat too
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    return place


def offered(device: Device) -> torch.device:
    """Where to compute: `auto` takes a GPU where there is one; one that is asked for and missing is an error."""
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise UsageError("this machine offers no CUDA device", "Use --device cpu, or install a CUDA build of torch.")
    return torch.device("cuda" if there and device != "cpu" else "cpu")


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on stderr; call what it gives with the number of finished steps and a few words."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total, words="")

        def report(done: int, words: str = "") -> None:
            bar.update(task, completed=done, words=words)
            if not console.is_terminal:
                console.print(f"{title}: {done} of {total} {words}", soft_wrap=True, highlight=False)

        yield report
