"""Write the measurement of a bundle whose figures come from held-out folds, out of the run's table of scores.

python -m bench.held_out --bundle research/.../voice-emotion.v1 --scores RUN/scores.npz --corpus ravdess

The nets of the folds are not the net that ships: they are its like, each judged on people it never heard. The protocol
in the table says so, and the measurement names the weights that ship beside them.
"""

import argparse
import sys
from pathlib import Path

from countenance.evaluation.assess import About, assess
from countenance.evaluation.report import Identities, write_report
from countenance.evaluation.scores import Scores
from countenance.inference.bundle import read_card
from countenance.training.datasets.inspection import named

OUT = Path(__file__).parents[1] / "docs" / "evaluation"
SPLIT = "held-out folds"


def main() -> None:
    """Measure one table of held-out predictions."""
    parser = argparse.ArgumentParser(description="Measure held-out predictions.")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle that ships")
    parser.add_argument("--scores", type=Path, required=True, help="table of held-out predictions that training wrote")
    parser.add_argument("--corpus", required=True, help="name of the corpus, as `data inspect` knows it")
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write to")
    asked = parser.parse_args()
    card, corpus, scores = read_card(asked.bundle), named(asked.corpus), Scores.read(asked.scores)
    about = About(
        bundle=card.name,
        sha256=card.files["model.onnx"],
        profile="open",
        corpus=corpus.name,
        title=corpus.title,
        licence=corpus.licence,
        split=SPLIT,
        rows=len(scores),
        cluster="subject",
        identities=Identities(
            checked_against="the people each fold was trained on",
            shared=0,
            note="each row is judged by a net that heard none of its person",
        ),
    )
    path = asked.out / f"{card.name}-{corpus.name}-folds.json"
    report = assess(about, scores)
    write_report(report, path)
    scores.write(path.with_suffix(".npz"))
    print(path.name, {name: report.metrics[name].value for name in report.leading}, file=sys.stderr)


if __name__ == "__main__":
    main()
