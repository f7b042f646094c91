"""Write `docs/models/*.md`, the card of every bundle of this repository, and `docs/fairness.md`.

python -m bench.cards            # writes the pages
python -m bench.cards --check    # exits 1 when a page is not what it would write
"""

import sys
from pathlib import Path

from bench.figures import ROOTS
from countenance.evaluation.cards.artefacts import Artefacts, gather
from countenance.evaluation.cards.compose import compose
from countenance.evaluation.cards.fairness import fairness
from countenance.evaluation.cards.markdown import markdown
from countenance.evidence.law import law_words, shipped_recipes

ROOT = Path(__file__).parents[1]
CARDS = ROOT / "docs" / "models"
FAIRNESS = ROOT / "docs" / "fairness.md"
MEASURED = ROOT / "docs" / "evaluation"
BASELINE = MEASURED / "baseline"


def main() -> None:
    """Write or check the pages."""
    wanted = pages()
    stale = [path for path in sorted(CARDS.glob("*.md")) if path not in wanted]
    if "--check" in sys.argv[1:]:
        wrong = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
        if names := [path.name for path in (*wrong, *stale)]:
            sys.exit(f"not what `make cards` writes: {', '.join(names)}")
        return
    CARDS.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    for path in stale:
        path.unlink()


def pages() -> dict[Path, str]:
    """Every page by its path."""
    found = bundles()
    cards = {CARDS / f"{one.card.name}.md": markdown(compose(one, law_words(one.card.modality), {})) for one in found}
    return {**cards, FAIRNESS: fairness(found)}


def bundles() -> list[Artefacts]:
    """Every bundle of the repository with what was measured of it, by name."""
    measured = MEASURED if any(MEASURED.glob("*.json")) else None
    baseline = BASELINE if any(BASELINE.glob("*.json")) else None
    folders = [folder for root in ROOTS for folder in sorted(root.glob("*.v*"))]
    made = [gather(folder, measured, baseline, shipped_recipes()) for folder in folders]
    return sorted(made, key=lambda one: one.card.name)


if __name__ == "__main__":
    main()
