"""A taxonomy is a table: labels, the measured features that speak for them, and the events they raise."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from countenance.contracts.errors import UsageError
from countenance.contracts.readings import Evidence, Prediction
from countenance.inference.calibration import logit

Probability = Annotated[float, Field(gt=0.0, lt=1.0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Term(_Table):
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


class Label(_Table):
    """A product label: either a fused score as it stands, or a prior moved by terms."""

    name: str
    enter: Probability
    """The probability from which the label may lead."""
    direct: str | None = None
    prior: Probability = 0.5
    terms: tuple[Term, ...] = ()


class Dimension(_Table):
    """A scale from -1 to 1."""

    name: str
    feature: str


class EventRule(_Table):
    """A label that stays high raises a pair of events; leaving needs less than entering."""

    name: str
    label: str
    enter: Probability
    leave: Probability
    hold_s: int = Field(ge=1)
    min_certainty: float = 0.0


class Taxonomy(_Table):
    """A named, versioned set of labels."""

    name: str
    calibration_id: str
    denotes: str
    """What the probability means; printed wherever the number is shown."""
    outputs: tuple[str, ...] = Field(min_length=1)
    """What the law calls the labels: the gate is asked for each (`engagement`, `emotion`, ...)."""
    smoothing_s: float = Field(ge=1.0, le=5.0)
    min_certainty: float = 0.0
    label: tuple[Label, ...] = ()
    dimension: tuple[Dimension, ...] = ()
    event: tuple[EventRule, ...] = ()

    def read(self, prediction: Prediction) -> tuple[dict[str, float], dict[str, tuple[Evidence, ...]]]:
        """Log-odds per label for which any feature is there, and the features that moved each."""
        odds: dict[str, float] = {}
        evidence: dict[str, tuple[Evidence, ...]] = {}
        for label in self.label:
            if label.direct is not None:
                value = feature(prediction, label.direct)
                if value is not None:
                    odds[label.name] = logit(value)
                    evidence[label.name] = ()
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


def load(name_or_path: str) -> Taxonomy:
    """A shipped taxonomy by name (`engagement.v1`), or a TOML file of your own."""
    shipped = files("countenance.aggregation") / "taxonomies" / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if shipped.is_file():
        text = shipped.read_text(encoding="utf-8")
    elif path.is_file():
        text = path.read_text(encoding="utf-8")
    else:
        known = sorted(
            f.name.removesuffix(".toml") for f in (files("countenance.aggregation") / "taxonomies").iterdir()
        )
        raise UsageError(f"there is no taxonomy {name_or_path!r}", f"Shipped: {', '.join(known)}; or give a TOML file.")
    try:
        taxonomy = Taxonomy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"taxonomy {name_or_path}: not valid TOML ({error})", "Mend the line it names.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"taxonomy {name_or_path}: {place}: {first['msg']}", "Mend that key.") from error
    _check(taxonomy)
    return taxonomy


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
