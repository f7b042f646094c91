"""The card of the finder's bundle: headline figures, then recall by race, gender and age, worst first."""

from __future__ import annotations

import math
from typing import Any

COLUMNS = ("race", "gender", "age")
LEAST = 200
"""A slice with fewer faces has no row on the card; the JSON file of the measurement holds them all."""


def card(report: dict[str, Any], run: str) -> dict[str, Any]:
    """The model card; every figure comes from what `evaluate.report_on` found. `run` says how it was trained."""
    return {
        "id": "face-finder",
        "version": "v1",
        "modality": "face",
        "task": "find",
        "summary": "Finds the faces in a video-call frame: a box, five landmarks and which landmarks are covered.",
        "outputs": {"grid": ["score", "box", "landmarks", "covered"]},
        "licence": {
            "code": "Apache-2.0",
            "weights": "Apache-2.0",
            "data": "CC BY 4.0",
            "commercial": True,
            "notice": (
                "Face finder trained by this project on FairFace (Karkkainen and Joo, WACV 2021; CC BY 4.0): crops "
                "were shrunk and put into drawn scenes, boxes and landmarks read by YuNet (Apache-2.0)."
            ),
            "ledger": ["countenance", "fairface", "yunet"],
        },
        "input": {
            "shape": "n x 3 x 96 x 160, or parts of it: each side 64 or more, a multiple of 32",
            "layout": "RGB, 0..1, float32, letterboxed with grey (127) bars, proportions kept",
        },
        "calibration": {"method": "none", "fitted_on": "thresholds: scenes of a dev part of FairFace train"},
        "data": {
            "train": "Drawn call-like scenes with 10,754 FairFace training faces; labels by the YuNet teacher",
            "run": run,
            "demographics": (
                "FairFace has race (7), gender (2) and age (9) by other people's judgement, near balanced by race. "
                "No skin tone. Dark faces, judged by pixels, are drawn more often. No race, age or gender is learnt."
            ),
            "teacher": "YuNet weights are Apache-2.0; the data they were trained on was not verified",
        },
        "limits": {
            "text": [
                "No real face-free pictures were trained on: cloth and hands may fire; in video ask for two of three.",
                "The scenes of the evaluation are drawn by the code that drew those of the training, with other faces.",
                "Truth is the teacher's reading of a clean crop: what it misses is learnt with it.",
                "Faces under 20 px wide in the 160 x 96 input are often missed; faces on their side were hardly seen.",
                "Covered landmarks were learnt from drawn hands, masks, cups and sunglasses only.",
                "It finds faces. It does not tell people apart and keeps no template of anybody.",
                *worst_slices(report),
            ]
        },
        # Where nothing was found there is no landmark error to state.
        "figures": [row for row in (*report.get("figures", ()), *slice_rows(report)) if not math.isnan(row["value"])],
    }


def worst_slices(report: dict[str, Any]) -> list[str]:
    """One sentence per kind of scene that names the group found least often, if it is below the whole."""
    said = []
    for scene in ("clean", "hard"):
        rows = [row for row in slice_rows(report) if f"drawn {scene} scenes" in row["protocol"]]
        if rows and (away := rows[0]["protocol"].split("; ")[1]).startswith("-"):
            group = rows[0]["metric"].removeprefix("recall, ")
            said.append(f"In drawn {scene} scenes it misses one group most: {group}, recall {away} (judged by others).")
    return said


def slice_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Recall of every group of at least LEAST faces, per kind of scene, worst first; groups as judged by others."""
    rows = []
    for scene in ("clean", "hard"):
        found = report.get(f"{scene}_finder", {})
        whole = next((row["value"] for row in found.get("figures", ()) if row["metric"] == "recall"), 0.0)
        groups = [(column, row) for column in COLUMNS for row in found.get(column, ()) if row["n"] >= LEAST]
        for column, row in sorted(groups, key=lambda pair: float(pair[1]["value"])):
            away = 100 * (row["value"] - whole)
            protocol = f"FairFace val in drawn {scene} scenes; {away:+.1f} points from all faces; judged by others"
            rows.append({**row, "metric": f"recall, {column} {row['metric']}", "protocol": protocol})
    return rows
