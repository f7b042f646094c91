"""The voice bundle from a trained net and its figures: `python -m countenance.training.voice_emotion.bundle --help`."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from countenance.inference.logmel import MELS
from countenance.training.datasets.ravdess import LABELS
from countenance.training.export import write_bundle
from countenance.training.voice_emotion.fit import PLACES
from countenance.training.voice_emotion.net import DIMENSIONS, VoiceNet
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL
from countenance.training.voice_emotion.sessions import CONTEXT_FRAMES

_SAID = {"happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear", "surprised": "surprise"}
_PROTOCOL = (
    "RAVDESS actors 01-20, 5 folds by actor (two women, two men each), held-out predictions pooled; clips of a "
    "speaker in one seeded order, each normalised by what was heard of the speaker up to its end; interval: "
    "bootstrap over actors"
)
_WEIGHTS_LICENCE = """\
The weights in this folder (model.onnx, calibration.json) were trained on RAVDESS and are published
under Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International (CC BY-NC-SA 4.0):
https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode

Attribution: Livingstone SR, Russo FA (2018) The Ryerson Audio-Visual Database of Emotional Speech and Song
(RAVDESS). PLoS ONE 13(5): e0196391. https://doi.org/10.5281/zenodo.1188976

Changes: log-mel features of the recordings were used to fit the weights of a neural network; no recording is
contained in this folder. The code that trained and runs the weights is licensed apart, under Apache-2.0.
"""
_LICENCE = {
    "code": "Apache-2.0",
    "weights": "CC-BY-NC-SA-4.0",
    "data": "CC BY-NC-SA 4.0",
    "commercial": False,
    "notice": "voice-emotion.v1 was trained on RAVDESS (Livingstone and Russo, 2018), CC BY-NC-SA 4.0: "
    "research and other non-commercial use only, share alike, attribution required.",
    "ledger": ["countenance", "ravdess"],
}
_DATA = {
    "train": "RAVDESS speech, actors 01-20, 1,199 clips (one byte-identical repetition dropped); five speeds, rooms, "
    "noise, narrow bands and codec-like disturbance added in the mel domain, SpecAugment, mixup; batch size and "
    "dropout were chosen between two settings by short runs on actors 05-16 judged on actors 17-20, which are fold 5",
    "demographics": "10 women and 10 men, professional actors, North American English, two sentences; ages are not in "
    "the files; nothing is known of other languages, accents or of spontaneous speech",
    "dimensions": "targets are places of the acted classes on the circumplex chosen by this project, valence and "
    "arousal: " + ", ".join(f"{name} {v:+} {a:+}" for name, (v, a) in PLACES.items()) + "; normal intensity x 0.75",
}
_LIMITS = (
    "Trained on acted emotion: spontaneous talk is unproven; it names how a voice sounds, not a state.",
    "Named classes are often confused with neighbours; arousal is the dependable output, valence is weak.",
    "The first seconds of a speaker are less certain: what is usual for the voice is not known yet.",
    "Women and men are not named equally well: see the figures.",
    "English with a North American accent only; on German it is much weaker.",
)


def to_onnx(net: VoiceNet, path: Path) -> None:
    """Write the net with a free batch size; logits and dimensions are its outputs."""
    example = (torch.zeros(2, 1, MELS, CONTEXT_FRAMES), torch.ones(2, CONTEXT_FRAMES))
    names = {"input_names": ["frames", "present"], "output_names": ["scores", "dimensions"]}
    free = {name: {0: "n"} for name in ("frames", "present", "scores", "dimensions")}
    torch.onnx.export(net.eval(), example, str(path), dynamic_axes=free, opset_version=17, dynamo=False, **names)


def card(figures: Mapping[str, Any], more: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The model card; every number in it comes from the figures, `more` being rows of the steps after them."""
    return {
        "id": "voice-emotion",
        "version": "v1",
        "modality": "voice",
        "task": "emotion",
        "summary": "Says which of eight acted emotions a voice sounds like, with valence and arousal.",
        "outputs": {"scores": [_SAID.get(label, label) for label in LABELS], "dimensions": list(DIMENSIONS)},
        "licence": _LICENCE,
        "input": {
            "shape": f"frames n x 1 x {MELS} x {CONTEXT_FRAMES}, present n x {CONTEXT_FRAMES}",
            "layout": "log-mel frames of 16 kHz mono speech, 25 ms every 10 ms, normalised by the speaker's running "
            "baseline with a 3 s prior, -3..3, zeros after the sound; present is 1 where there is sound",
        },
        "calibration": {
            "method": "temperature",
            "fitted_on": "held-out predictions of all five folds; figures use a temperature from the other folds",
        },
        "data": _DATA,
        "limits": {"text": list(_LIMITS)},
        "figures": [*_rows(figures), *more],
    }


def _rows(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    groups = f"high: {', '.join(HIGH_AROUSAL)}; low: {', '.join(LOW_AROUSAL)}; disgust left out"
    rows = [
        _row(f"uar_8{_of(name)}", part, _PROTOCOL, figures["majority"]["uar"]) for name, part in figures["uar"].items()
    ]
    rows += [
        _row(f"arousal_auc{_of(name)}", part, f"{_PROTOCOL}; {groups}", 0.5)
        for name, part in figures["arousal_auc"].items()
    ]
    gap = f"{_PROTOCOL}, women and men drawn apart"
    rows.append(
        {"metric": "uar_8_women_minus_men", **figures["uar_women_minus_men"], "n": figures["n"], "protocol": gap}
    )
    rows.append(_row("accuracy_8", figures["accuracy"], _PROTOCOL, figures["majority"]["accuracy"]))
    cold = "RAVDESS, the same folds and clips, but every clip is the first one heard of its speaker"
    rows += [
        _row(f"{name}_cold", part, cold, base)
        for (name, part), base in zip(figures["cold_start"].items(), (figures["majority"]["uar"], 0.5), strict=True)
    ]
    fitted = f"{_PROTOCOL}; temperature fitted on the other four folds"
    rows += [{"metric": m, "value": v, "n": figures["n"], "protocol": fitted} for m, v in figures["calibrated"].items()]
    return rows


def later_rows(folder: Path) -> list[dict[str, Any]]:
    """Figures of the replay and of the other corpus, where those steps were run."""
    rows: list[dict[str, Any]] = []
    if (folder / "replay.json").is_file():
        found = json.loads((folder / "replay.json").read_text())
        how = (
            "the same held-out actors as one recording each, clips in a seeded order with 3 s of silence between, "
            "through the product's capture; a clip's answer is the mean over its one-second windows"
        )
        for name, base in (("uar", 1 / len(LABELS)), ("arousal_auc", 0.5)):
            count = found["clips_with_speech_found" if name == "uar" else "clips_in_arousal_groups"]
            part = {**found[name], "n": count}
            rows.append(_row(f"{name}_replayed", part, how, base))
    if (folder / "emodb.json").is_file():
        found = json.loads((folder / "emodb.json").read_text())
        how = (
            "Emo-DB, German, 8 speakers, never trained on; clips in one seeded order; interval: bootstrap over speakers"
        )
        four = "neutral, happiness, sadness, anger"
        rows.append(_row("emodb_uar_4", {**found["uar_four"], "n": found["n_four"]}, f"{how}; {four}", 0.25))
        groups = "high: anger, fear, happiness; low: neutral, sadness, boredom"
        rows.append(
            _row("emodb_arousal_auc", {**found["arousal_auc"], "n": found["n_arousal"]}, f"{how}; {groups}", 0.5)
        )
    return rows


def _of(name: str) -> str:
    return "" if name == "all" else f"_{name}"


def _row(metric: str, part: Mapping[str, Any], protocol: str, majority: float) -> dict[str, Any]:
    return {"metric": metric, **part, "protocol": protocol, "majority": majority}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the bundle from what the other steps left; after `emodb` once more, so that the card holds its figures."""
    parser = argparse.ArgumentParser(description="Write the bundle voice-emotion.v1.")
    parser.add_argument("--out", type=Path, required=True, help="folder with net.pt, prior.json and figures.json")
    parser.add_argument("--bundle", type=Path, required=True, help="bundle folder to write")
    asked = parser.parse_args(arguments)
    net = VoiceNet()
    net.load_state_dict(torch.load(asked.out / "net.pt", weights_only=True)["net"])
    onnx, licence = asked.out / "voice.onnx", asked.out / "LICENSE-WEIGHTS.txt"
    to_onnx(net, onnx)
    licence.write_text(_WEIGHTS_LICENCE, encoding="utf-8")
    figures = json.loads((asked.out / "figures.json").read_text())
    calibration = {
        "id": "voice-emotion.v1.ravdess",
        "method": "temperature",
        "temperature": figures["temperature"],
        "prior": json.loads((asked.out / "prior.json").read_text()),
    }
    write_bundle(
        asked.bundle, onnx, card(figures, later_rows(asked.out)), calibration, {"LICENSE-WEIGHTS.txt": licence}
    )
    print(f"{asked.bundle}: {onnx.stat().st_size} bytes of weights")


if __name__ == "__main__":
    main()
