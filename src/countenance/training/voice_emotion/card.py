"""The card of the voice bundle; every number in it comes from a stage of the run."""

from collections.abc import Mapping
from typing import Any

from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.logmel import MELS
from countenance.training.voice_emotion import emodb, figures, replay
from countenance.training.voice_emotion.lines import MEANINGS
from countenance.training.voice_emotion.net import DIMENSIONS
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL
from countenance.training.voice_emotion.tables import NAMES
from countenance.training.voice_emotion.targets import PLACES

WEIGHTS_LICENCE = """\
The weights in this folder (model.onnx, calibration.json) were trained on RAVDESS and are published
under Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International (CC BY-NC-SA 4.0):
https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode

Attribution: Livingstone SR, Russo FA (2018) The Ryerson Audio-Visual Database of Emotional Speech and Song
(RAVDESS). PLoS ONE 13(5): e0196391. https://doi.org/10.5281/zenodo.1188976

Changes: log-mel features and statistics of the recordings were used to fit the weights of neural networks; no
recording is contained in this folder. The code that trained and runs the weights is licensed apart, under Apache-2.0.
"""
_LICENCE = {
    "code": "Apache-2.0",
    "weights": "CC-BY-NC-SA-4.0",
    "data": "CC BY-NC-SA 4.0",
    "commercial": False,
    "notice": "voice-emotion.v1 was trained on RAVDESS (Livingstone and Russo, 2018), CC BY-NC-SA 4.0: "
    "research and other non-commercial use only, share alike, attribution required.",
    "ledger": ["countenance", "ravdess", "spoken-words"],
}
_DATA = {
    "train": "RAVDESS speech, actors 01-20, 1,199 clips (one byte-identical repetition dropped). Three experts: "
    "convolutions over frames that look back only (speeds, rooms, noise, narrow bands, codec-like disturbance in the "
    "mel domain, SpecAugment, mixup), small nets over statistics of pitch, level, timbre, quality of the voice, "
    "formants and balance in units of how the speaker usually talks (ten versions of every recording: speeds, rooms, "
    "bands, noise; pieces of 1 to 3 s; sessions of skewed classes; clips that are the first of their speaker; mixup; "
    "rows moved half as far as another sentence of one voice moves them, from 80 voices of a synthesiser by rules in "
    "four languages, which acts nothing and has no label), and the published rule of arousal "
    "that the product uses without this bundle, with a slope and an offset fitted here, which moves shares between "
    "lively and calm names once a speaker is known. Batch size and dropout of the first were chosen on actors 13-20, "
    "which are folds 4 and 5; epochs and dropout of the second, the share of the first two and the say of the rule on "
    "stand-ins for a shift of domain, actors 1-10 against 11-20 and women against men, each way",
    "demographics": "10 women and 10 men, professional actors, North American English, two sentences; ages are not in "
    "the files; nothing is known of other languages, accents or of spontaneous speech",
    "dimensions": "targets are places of the acted classes on the circumplex chosen by this project, valence and "
    "arousal: " + ", ".join(f"{name} {v:+} {a:+}" for name, (v, a) in PLACES.items()) + "; normal intensity x 0.75",
}
_LIMITS = (
    "Trained on acted emotion: spontaneous talk is unproven; it names how a voice sounds, not a state.",
    "Named classes are often confused with neighbours; arousal is the dependable output, valence is weak.",
    "Where modalities are pooled, a voice has less weight than a face or words.",
    "The first seconds of a speaker are less certain: what is usual for the voice is not known yet.",
    "Women and men are not named equally well, and single speakers far worse than the mean: see the figures.",
    "English with a North American accent only; German voices it names much worse, above all with calm as neutral.",
    "On German, arousal by the rule that the product uses without this bundle is more dependable than the net's.",
    "Answers that it is unsure of are kept: without them a clip is named no better, beyond doubt (see the figures).",
)
_GROUPS = f"high: {', '.join(HIGH_AROUSAL)}; low: {', '.join(LOW_AROUSAL)}; disgust left out"
_OTHER = {"other_folds": "; without folds 4 and 5, on which the first settings were chosen; later ones saw all"}
_FITTED = f"{figures.PROTOCOL}; temperature fitted on the other four folds"


def card(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The model card from the results of the stages (`figures`, and where they ran `replay`, `emodb`, `lines`)."""
    return {
        "id": "voice-emotion",
        "version": "v1",
        "modality": "voice",
        "task": "emotion",
        "summary": "Says which of eight acted emotions a voice sounds like, with valence and arousal.",
        "outputs": {"scores": list(NAMES), "dimensions": list(DIMENSIONS)},
        "licence": _LICENCE,
        "input": {
            "shape": f"frames 1 x 1 x {MELS} x t, present 1 x n x t, functionals, usual and usual_square "
            f"n x {FUNCTIONALS}, seconds, lift and usual_seconds n",
            "layout": "n looks at one stretch of voice: log-mel frames of 16 kHz mono speech, 25 ms every 10 ms, "
            "normalised by the speaker's running baseline with a 3 s prior, -3..3; present is 1 where a look takes a "
            "frame in; functionals are statistics of each look's frames, pitch and tone relative to the speaker; "
            "seconds were heard of the speaker; lift is how far pitch, level and brightness lie above the usual, by "
            "the published rule; usual are the means of the functionals and of their squares over "
            "usual_seconds of the speaker's speech; nothing after a look changes what is said of it",
        },
        "calibration": {
            "method": "temperature",
            "fitted_on": "held-out predictions of all folds, every clip in five orders; figures fit on the other folds",
        },
        "data": _DATA,
        "limits": {"text": list(_LIMITS)},
        "figures": [*_held_out(results["figures"]), *_later(results)],
    }


def _held_out(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [
        _row(f"uar_8{_of(name)}", part, f"{figures.PROTOCOL}{_OTHER.get(name, '')}")
        for name, part in found["uar"].items()
    ]
    rows += [
        _row(f"arousal_auc{_of(name)}", part, f"{figures.PROTOCOL}{_OTHER.get(name, '')}; {_GROUPS}")
        for name, part in found["arousal_auc"].items()
    ]
    gap = {**found["uar_women_minus_men"], "n": found["n"]}
    rows.append(_row("uar_8_women_minus_men", gap, f"{figures.PROTOCOL}, women and men drawn apart"))
    worst = found["speakers"]["worst"]
    own = f"the speaker named worst of all ({worst['speaker']}), held out; interval: bootstrap over the clips"
    rows.append(_row("uar_8_worst_speaker", worst, own))
    rows += [_row(f"{name}_8", found[name], figures.PROTOCOL) for name in ("accuracy", "macro_f1")]
    cold = "RAVDESS, the same folds and clips, but every clip is the first one heard of its speaker"
    rows += [_row(f"{name}_cold", part, cold) for name, part in found["cold_start"].items()]
    rows += [_row(name.replace("_15", "15"), part, _FITTED) for name, part in found["calibrated"].items()]
    rows.append(_row("ece15_five_orders", found["calibrated_every_order"], f"{_FITTED}; each clip in five orders"))
    floor = f"{_FITTED}; what the error would be at this n if every probability were right"
    rows.append(
        _row("ece15_of_a_perfect_one", {"value": found["ece_of_a_perfect_one"]["mean"], "n": found["n"]}, floor)
    )
    aim = found["abstain"]["aim"]
    stop = f"{_FITTED}; naming only above a confidence chosen there for at most {aim:.0%} wrong"
    for key in ("coverage", "risk"):
        rows.append(_row(f"abstaining_{key}", {"value": found["abstain"][key], "n": found["n"]}, stop))
    sets = f"{_FITTED}; sets of names chosen there to hold the truth with {1 - found['conformal']['alpha']:.0%}"
    for key in ("coverage", "size"):
        rows.append(_row(f"conformal_{key}", {"value": found["conformal"][key], "n": found["conformal"]["n"]}, sets))
    return rows


def _later(results: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the stages after the figures, where they were run."""
    rows: list[dict[str, Any]] = []
    for name in ("uar", "arousal_auc"):
        if "replay" in results:
            rows.append(_row(f"{name}_replayed", results["replay"][name], replay.PROTOCOL))
        for line, found in results.get("lines", {}).items():
            rows.append(_row(f"{name}_{line}", found[name], f"{figures.PROTOCOL}; {MEANINGS[line]}"))
    if "replay" in results:
        by_rule = f"{replay.PROTOCOL}; arousal by the rule that the product uses without this bundle"
        rows.append(_row("arousal_auc_by_rule_replayed", results["replay"]["arousal_auc_by_rule"], by_rule))
        unsure = results["replay"]["unsure_answers"]
        left = f"{replay.PROTOCOL}; answers below the threshold left out, less all of them; paired over actors"
        n = results["replay"]["clips_with_speech_found"]
        gained = ("macro_f1_gained", "brier_gained")
        rows += [_row(f"unsure_left_out_{key}", {**unsure[key], "n": n}, left) for key in gained]
        once = f"{replay.PROTOCOL}, but of one answer a second, at its end"
        rows.append(_row("uar_replayed_once_a_second", results["replay"]["uar_once_a_second"], once))
    if "emodb" in results:
        four = f"{emodb.PROTOCOL}; {emodb.KNOWN}; {', '.join(emodb.SHARED)}"
        groups = f"{emodb.PROTOCOL}; high: {', '.join(emodb.HIGH_AROUSAL)}; low: {', '.join(emodb.LOW_AROUSAL)}"
        found = results["emodb"]
        shared = f"{four}; shares restricted to these four"
        rows.append(_row("emodb_uar_4", found["uar_four"], shared))
        rows += [
            _row(f"emodb_{name}", part, shared)
            for name, part in found.items()
            if name in ("uar_four_female", "uar_four_male")
        ]
        as_said = f"{four}; calm counts as neutral, as the product says it"
        rows.append(_row("emodb_uar_4_calm_as_neutral", found["uar_four_calm_as_neutral"], as_said))
        rows.append(_row("emodb_arousal_auc", found["arousal_auc"], f"{groups}; {emodb.KNOWN}"))
        by_rule = f"{groups}; arousal by the rule that the product uses without this bundle: nothing in it was trained"
        rows.append(_row("emodb_arousal_auc_by_rule", found["by_rule"]["arousal_auc"], by_rule))
    return rows


def _of(name: str) -> str:
    return "" if name == "all" else f"_{name}"


def _row(metric: str, part: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    kept = {key: part[key] for key in ("value", "low", "high", "n") if part.get(key) is not None}
    whole = {**kept, "protocol": protocol}
    return {"metric": metric, **whole, **({"majority": part["majority"]} if part.get("majority") is not None else {})}
