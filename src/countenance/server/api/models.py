"""The models of this installation: what they are, on which terms, how well they read and where not."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path as FolderPath
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request

from countenance.contracts.card import Card
from countenance.contracts.errors import NotFoundError
from countenance.inference.shelf import Profile, Shelf
from countenance.server.access import NO_SUCH, Here, needs, site_of
from countenance.server.api.paths import ID
from countenance.server.api.shapes import Given
from countenance.server.evaluations import gate_says, reports
from countenance.server.idempotency import OnceRoute
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=OnceRoute, dependencies=[needs(Scope.MODELS)])

gate = APIRouter(prefix="/v1/release-gate", tags=["models"], dependencies=[needs(Scope.MODELS)])

ModelName = Annotated[str, Path(pattern=ID, description="Such as face-finder.v1.")]


class FigureView(Given):
    """One measured figure."""

    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    protocol: str
    majority: float | None


class ModelView(Given):
    """One model."""

    model: str
    modality: str
    task: str
    summary: str
    commercial: bool
    licence: dict[str, str]
    used: bool
    left_out: str | None = None


class CardView(ModelView):
    """A model card."""

    outputs: dict[str, Sequence[str]]
    input: dict[str, str]
    calibration: dict[str, str]
    data: dict[str, str]
    limits: Sequence[str]
    figures: Sequence[FigureView]
    files: dict[str, str]


class ModelList(Given):
    """The models of a profile."""

    profile: str
    items: Sequence[ModelView]


@router.get("")
async def listed(here: Here) -> ModelList:
    """Every model that is installed, and which of them this deployment uses."""
    shelf = await shelf_of(here)
    items = [ModelView(**_short(shelf, name)) for name in sorted(shelf.known)]
    return ModelList(profile=shelf.profile.value, items=items)


class Evaluations(Given):
    """What was measured of a model."""

    items: Sequence[dict[str, Any]] = Field(description="Reports of the schema countenance.metrics.v1, as measured.")


@gate.get("")
async def release_gate(request: Request) -> dict[str, Any]:
    """What the release gate says: by group, whether it may be released, and what decided it (countenance.gate.v1)."""
    return dict(await asyncio.to_thread(gate_says, site_of(request).config.evaluation))


@router.get("/{model}/evaluations")
async def evaluations(model: ModelName, here: Here, request: Request) -> Evaluations:
    """Every measurement of a model, with its protocol, its intervals and its groups."""
    if model not in (await shelf_of(here)).known:
        raise NotFoundError(*NO_SUCH)
    found = await asyncio.to_thread(reports, site_of(request).config.evaluation)
    return Evaluations(items=[one.model_dump(mode="json", by_alias=True) for one in found if one.bundle == model])


@router.get("/{model}")
async def card(model: ModelName, here: Here) -> CardView:
    """The card of a model."""
    shelf = await shelf_of(here)
    found: Card | None = shelf.known.get(model)
    if found is None:
        raise NotFoundError(*NO_SUCH)
    figures = [FigureView(**asdict(one)) for one in found.figures]
    return CardView(
        **_short(shelf, model),
        outputs={name: list(labels) for name, labels in found.outputs.items()},
        input=dict(found.input),
        calibration=dict(found.calibration),
        data=dict(found.data),
        limits=found.limits,
        figures=figures,
        files=dict(found.files),
    )


async def shelf_of(here: Services) -> Shelf:
    """The models of a tenant."""
    return await asyncio.to_thread(_installed, here.deployed.profile, here.deployed.models.paths)


@lru_cache(maxsize=8)
def _installed(profile: Profile, paths: tuple[FolderPath, ...]) -> Shelf:
    return Shelf.installed(profile, paths)


def _short(shelf: Shelf, name: str) -> dict[str, Any]:
    card = shelf.known[name]
    terms = {"code": card.licence.code, "weights": card.licence.weights, "data": card.licence.data}
    return {
        "model": name,
        "modality": card.modality,
        "task": card.task,
        "summary": card.summary,
        "commercial": card.licence.commercial,
        "licence": terms,
        "used": name in shelf.cards,
        "left_out": shelf.left_out.get(name),
    }
