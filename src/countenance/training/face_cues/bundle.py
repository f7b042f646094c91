"""The card of the cues bundle; every figure comes from the measuring stage."""

from __future__ import annotations

from typing import Any

from countenance.encoders.geometry import NAMES
from countenance.inference.facecrop import INNER_PX
from countenance.training.face_cues import people

PROTOCOL = (
    "FairFace val, aligned by the five landmarks of the YuNet teacher, against the mesh teacher; mean distance of "
    f"{len(NAMES)} points in the picture divided by the outer eye distance"
)


def card(figures: dict[str, Any]) -> dict[str, Any]:
    """The model card of the bundle; figures come from `measured` alone."""
    return {
        "id": "face-cues",
        "version": "v1",
        "modality": "face",
        "task": "cues",
        "summary": "Places points on one aligned face; smile, brows, eyes, mouth and head pose are measured on them.",
        "outputs": {"points": [str(number) for number in NAMES]},
        "licence": {
            "code": "Apache-2.0",
            "weights": "Apache-2.0",
            "data": "CC BY 4.0 (FairFace)",
            "commercial": True,
            "notice": NOTICE,
            "ledger": ["countenance", "fairface", "yunet", "face-mesh"],
        },
        "input": {
            "shape": f"n x 1 x {INNER_PX} x {INNER_PX}",
            "layout": "luma 0..1 of the inner square of an aligned crop (countenance.inference.facecrop), float32",
        },
        "calibration": {"method": "none", "fitted_on": "scales: percentiles of training faces kept for development"},
        "data": {
            "train": f"FairFace train, {figures['training_faces']} faces of the project's subset seen by both teachers",
            "run": f"{figures['network']['epochs']} epochs, one seed; `countenance train face --recipe face-cues`",
            "demographics": DEMOGRAPHICS,
        },
        "limits": {"text": list(LIMITS)},
        "figures": _rows(figures),
    }


NOTICE = (
    "face-cues.v1 was trained on faces of FairFace (Karkkainen and Joo, WACV 2021; CC BY 4.0) with points placed by "
    "the MediaPipe face landmark model (Google; Apache-2.0) as its teacher."
)
DEMOGRAPHICS = (
    "FairFace is balanced over seven groups of origin and two of gender, as annotated by others; ages 0-2 to over 70. "
    "The groups were used to report errors, never to train. What the teachers were trained on is not known here."
)
LIMITS = (
    "Cues are visible shapes. A smile is a wide mouth with raised corners; it does not say what anybody thinks.",
    "Scales are set on a population: a face at rest differs from face to face. Compare a person with that person.",
    "The teacher follows eyelids poorly: closed eyes stay partly open. Eye openness is weak, unfit to detect blinks.",
    "Agreement was measured with the teacher, not with annotations made by people.",
    "Beyond about 45 degrees of yaw the far half of the face is guessed.",
    "The points are used at once and not kept. Face geometry can be personal data all the same.",
)


def _rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_row("point_error", figures["point_error"], PROTOCOL)]
    rows.append(
        _row("faces_over_10_percent", figures["faces_over_10_percent"], PROTOCOL + "; share of faces above 0.1")
    )
    for name, cue in figures["cues"].items():
        rows.append(
            _row(f"{name}_correlation", cue["correlation"], "FairFace val, with the same length from the teacher")
        )
        rows.append(
            _row(f"{name}_mean_error", cue["mean_error"], "FairFace val, on the scale 0..1, against the teacher")
        )
    for name, error in figures["pose_error_deg"].items():
        rows.append(_row(f"head_{name}_error_deg", error, "FairFace val, mean absolute, against the teacher"))
    for name, figure in figures["people"].items():
        rows.append(_row(name, figure, people.PROTOCOL.format(expression=name.rsplit("_", 1)[1])))
    for name in ("race", "gender", "age"):
        for group, error in figures["point_error_by_group"][name].items():
            rows.append(_row(f"point_error, {name} {group}", error, PROTOCOL))
    return rows


def _row(metric: str, figure: dict[str, Any], protocol: str) -> dict[str, Any]:
    return {
        "metric": metric,
        **{name: round(float(figure[name]), 4) for name in ("value", "low", "high")},
        "n": figure["n"],
        "protocol": protocol,
    }
