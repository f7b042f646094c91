"""A taxonomy is a table: labels, the measured features that speak for them, and the events they raise."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from countenance.contracts.errors import UsageError
from countenance.contracts.readings import Evidence, Prediction
from countenance.inference.calibration import logit
from countenance.inference.tables import Table, read_table

Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
TAXONOMY = "taxonomy.toml"
"""The file of a head's bundle that holds its taxonomy."""
CARD = "card.toml"
NONE_INSTALLED: Mapping[str, Path] = MappingProxyType({})


class Term(Table):
    """One feature's say in a label's log-odds; a feature that is absent says nothing."""

    feature: str
    """`score.<name>`, `dimension.<name>` or `cue.<name>`."""
    shape: Literal["linear", "near", "far", "odds"]
    """linear: (x - center) / scale; near/far: |x| within or beyond center by scale; odds: log-odds against `base`."""
    weight: float
    why: str
    center: float = 0.0
    scale: float = 1.0
    base: Probability = 0.5

    def effect(self, value: float) -> float:
        """Signed share of the label's log-odds; every shape but `odds` is held within the weight."""
        if self.shape == "odds":
            return self.weight * (logit(value) - logit(self.base))
        distance = abs(value) - self.center if self.shape in ("near", "far") else value - self.center
        share = max(-1.0, min(1.0, distance / self.scale))
        return self.weight * ((1.0 - 2.0 * max(0.0, share)) if self.shape == "near" else share)


class Label(Table):
    """A product label: a fused score as it stands, or a prior moved by terms; with neither, a head must be trained."""

    name: str
    enter: Probability = 0.5
    """The probability from which the label may lead; `train head` chooses it where the file leaves it out."""
    direct: str | None = None
    prior: Probability = 0.5
    terms: tuple[Term, ...] = ()


class Dimension(Table):
    """A scale from -1 to 1."""

    name: str
    feature: str


class EventRule(Table):
    """A label that stays high raises a pair of events; leaving needs less than entering."""

    name: str
    label: str
    enter: Probability
    leave: Probability
    hold_s: int = Field(ge=1)
    min_certainty: float = 0.0


class Taxonomy(Table):
    """A named, versioned set of labels."""

    name: str
    calibration_id: str = ""
    denotes: str = ""
    """What the probability means; printed wherever the number is shown."""
    outputs: tuple[str, ...] = Field(min_length=1)
    """What the law calls the labels: the gate is asked for each (`engagement`, `emotion`, ...)."""
    smoothing_s: float = Field(default=2.0, ge=1.0, le=5.0)
    min_certainty: float = 0.0
    head: str | None = None
    """The bundle that says the labels, in whose folder this file lies."""
    label: tuple[Label, ...] = ()
    dimension: tuple[Dimension, ...] = ()
    event: tuple[EventRule, ...] = ()
    home: Path | None = Field(default=None, exclude=True)
    """The folder of the head, found when the file is read; not a key of the file."""

    @property
    def unfounded(self) -> tuple[str, ...]:
        """Labels that nothing speaks for yet: neither a score, nor terms."""
        return tuple(label.name for label in self.label if label.direct is None and not label.terms)

    def read(self, prediction: Prediction) -> tuple[dict[str, float], dict[str, tuple[Evidence, ...]]]:
        """Log-odds per label for which any feature is there, and the features that moved each."""
        odds: dict[str, float] = {}
        evidence: dict[str, tuple[Evidence, ...]] = {}
        for label in self.label:
            if label.direct is not None:
                value = feature(prediction, label.direct)
                if value is not None:
                    odds[label.name] = logit(value)
                    evidence[label.name] = prediction.evidence.get(label.direct.removeprefix("score."), ())
                continue
            said = [(t, v) for t in label.terms if (v := feature(prediction, t.feature)) is not None]
            if said:
                effects = [Evidence(t.feature, v, t.effect(v)) for t, v in said]
                odds[label.name] = logit(label.prior) + sum(e.effect for e in effects)
                evidence[label.name] = tuple(sorted(effects, key=lambda e: -abs(e.effect))[:3])
        return odds, evidence

    def scales(self, prediction: Prediction) -> dict[str, float]:
        """Values of the dimensions that are there."""
        return {d.name: v for d in self.dimension if (v := feature(prediction, d.feature)) is not None}


def feature(prediction: Prediction, name: str) -> float | None:
    """Look up `score.x`, `dimension.x` or `cue.x`; None when nothing said it."""
    kind, _, key = name.partition(".")
    table = {"score": prediction.scores, "dimension": prediction.dimensions, "cue": prediction.cues}.get(kind)
    return None if table is None else table.get(key)


def load(name_or_path: str, installed: Mapping[str, Path] = NONE_INSTALLED) -> Taxonomy:
    """A shipped taxonomy by name (`engagement.v1`), a TOML file of your own, or the folder or name of a head's bundle.

    `installed` says where the bundles of the installed heads lie, by name.
    """
    taxonomy = read_taxonomy(_file(name_or_path, installed))
    if taxonomy.unfounded:
        raise UsageError(
            f"taxonomy {taxonomy.name}: nothing speaks for the label {taxonomy.unfounded[0]!r} yet",
            f"Train a head for it: countenance train head --taxonomy {name_or_path} --data FOLDER",
        )
    for key in ("calibration_id", "denotes"):
        if not getattr(taxonomy, key):
            raise UsageError(f"taxonomy {name_or_path}: {key} is missing", "Say what the probabilities stand on.")
    return taxonomy


def read_taxonomy(path: Path) -> Taxonomy:
    """Read and check a file; labels may wait for a head, and a head must lie beside the file that names it."""
    taxonomy = read_table(Taxonomy, path)
    if taxonomy.home is not None:
        raise UsageError(f"{path}: unknown key 'home'", "Leave it out.")
    _check(taxonomy)
    if taxonomy.head is None:
        return taxonomy
    if not (path.parent / CARD).is_file():
        raise UsageError(
            f"taxonomy {path}: its labels come from the head {taxonomy.head}, which is not beside it",
            "Give the whole folder that `train head` wrote.",
        )
    return taxonomy.model_copy(update={"home": path.parent})


def _file(name_or_path: str, installed: Mapping[str, Path]) -> Path:
    shipped, given = _shipped(), Path(name_or_path)
    if name_or_path in shipped:
        return shipped[name_or_path]
    for path in (given, given / TAXONOMY, installed.get(name_or_path, given) / TAXONOMY):
        if path.is_file():
            return path
    if given.is_dir():
        raise UsageError(f"{given} is no bundle of a head: it holds no {TAXONOMY}", "Give what `train head` wrote.")
    known = ", ".join(sorted((*shipped, *installed)))
    raise UsageError(f"there is no taxonomy {name_or_path!r}", f"Known: {known}; or give a TOML file or a folder.")


def _shipped() -> dict[str, Path]:
    folder = Path(str(files("countenance.aggregation"))) / "taxonomies"
    return {path.stem: path for path in folder.glob("*.toml")}


def _check(taxonomy: Taxonomy) -> None:
    names = [label.name for label in taxonomy.label]
    features = [t.feature for label in taxonomy.label for t in label.terms]
    features += [label.direct for label in taxonomy.label if label.direct] + [d.feature for d in taxonomy.dimension]
    for name in features:
        if name.partition(".")[0] not in ("score", "dimension", "cue"):
            raise UsageError(
                f"taxonomy {taxonomy.name}: unknown feature {name!r}",
                "Features are score.*, dimension.* or cue.*.",
            )
    for rule in taxonomy.event:
        if rule.label not in names:
            raise UsageError(
                f"taxonomy {taxonomy.name}: event {rule.name} watches {rule.label!r}, which is no label",
                f"Labels: {', '.join(names)}.",
            )
        if rule.leave >= rule.enter:
            raise UsageError(f"taxonomy {taxonomy.name}: event {rule.name} leaves above its entry", "Lower `leave`.")
