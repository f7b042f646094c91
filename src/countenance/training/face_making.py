"""Which trainer makes which face bundle, by the bundle that a recipe names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict

from countenance.contracts.errors import UsageError
from countenance.inference.tables import near
from countenance.training.device import Device
from countenance.training.recipe import Recipe, load_recipe


class _AnyRecipe(Recipe):
    """What all recipes share; the rest is checked by the trainer's own schema."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie on this machine; none of it changes what is learnt."""

    data: Path
    """Unpacked corpora; for the expression network the FER2013 folder itself, or the folder that holds it."""
    run: Path
    teachers: Path | None = None
    """Weights of the teachers: `yunet/` and `mediapipe_face/`. The expression network needs none."""
    out: Path | None = None
    """Folder of bundles to write into; the run folder when left out."""


def make_face(recipe: str, places: Places, device: Device) -> Path:
    """Make the face bundle of a recipe, shipped or given as a file; gives the folder of the bundle."""
    bundle = load_recipe(_AnyRecipe, recipe).bundle.split(".")[0]
    makers = {"face-expression": _expression, "face-cues": _cues, "face-finder": _finder}
    if bundle not in makers:
        raise UsageError(f"the recipe {recipe} makes {bundle!r}, which is no face bundle", near(bundle, makers))
    return makers[bundle](recipe, places, device)


def _expression(recipe: str, places: Places, device: Device) -> Path:
    from countenance.training.face_expression.make import make
    from countenance.training.face_expression.recipe import ExpressionRecipe

    inner = places.data / "face_fer2013"
    data = inner if inner.is_dir() else places.data
    return make(load_recipe(ExpressionRecipe, recipe), data, places.run, device, places.out)


def _cues(recipe: str, places: Places, device: Device) -> Path:
    from countenance.training.face_cues.make import make
    from countenance.training.face_cues.recipe import CuesRecipe

    asked = load_recipe(CuesRecipe, recipe)
    return make(asked, places.data, _teachers(places), places.run, device, places.out)


def _finder(recipe: str, places: Places, device: Device) -> Path:
    from countenance.training.face_finder.make import make
    from countenance.training.face_finder.recipe import FinderRecipe

    asked = load_recipe(FinderRecipe, recipe)
    return make(asked, places.data, _teachers(places), places.run, device, places.out)


def _teachers(places: Places) -> Path:
    if places.teachers is None:
        remedy = "Give --teachers, the folder that holds yunet/ and mediapipe_face/."
        raise UsageError("this recipe learns from teachers, and none are given", remedy)
    return places.teachers
