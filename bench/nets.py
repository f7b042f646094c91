"""What one answer of the shipped networks costs, in CPU milliseconds of one thread.

    python -m bench.nets

The median of nine rounds of a hundred single calls each, on made input: noise in the shape of a frame or a crop, and a
written sentence. `face_finder_ms_per_frame` is the network on its 160 x 96 input; `face_finder_whole_ms` adds fitting a
640 x 360 frame into it and reading the boxes out.
"""

import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from countenance.capture.faces import HEIGHT, WIDTH, FaceFinder
from countenance.contracts.media import Quality, TextSample
from countenance.encoders.text import TextEncoder
from countenance.inference.shelf import Profile, Shelf

ROUNDS, CALLS = 9, 100
SENTENCE = "I do not understand why the second charge is on my invoice again this month"


def cost(call: Callable[[], object]) -> float:
    """Median CPU milliseconds of this thread per call."""
    rounds = []
    for _ in range(ROUNDS):
        before = time.thread_time()
        for _ in range(CALLS):
            call()
        rounds.append((time.thread_time() - before) / CALLS * 1000)
    return round(statistics.median(rounds), 3)


def main() -> None:
    """Measure and print as JSON."""
    shelf, random = Shelf.installed(Profile.OPEN), np.random.default_rng(0)
    finder = shelf.load("face-finder.v1")
    small = random.random((1, 3, HEIGHT, WIDTH), np.float32)
    frame = random.integers(0, 256, (360, 640, 3)).astype(np.uint8)
    whole = FaceFinder(finder)
    words = TextSample("p_1", 0, 1_000_000, SENTENCE, Quality(1.0), "en")
    text = TextEncoder.from_shelf(shelf)
    figures = {
        "face_finder_ms_per_frame": cost(lambda: finder.model.run({finder.model.inputs[0]: small})),
        "face_finder_whole_ms": cost(lambda: whole.find(frame)),
        "text_ms_per_utterance": cost(lambda: text.encode([words])),
    }
    if shelf.has("face-expression.v1"):
        expression = shelf.load("face-expression.v1").model
        crop = random.random((1, 1, 48, 48), np.float32)
        figures["face_expression_ms_per_crop"] = cost(lambda: expression.run({expression.inputs[0]: crop}))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
