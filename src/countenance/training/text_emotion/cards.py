"""The model cards of the two text bundles; figures are added by the command that measured them."""

from typing import Any

from countenance.training.datasets.emobank import DIMENSIONS
from countenance.training.text_emotion.labels import FINE
from countenance.training.text_emotion.net import POSITIONS, WIDTH
from countenance.training.text_emotion.onnx_export import SCORES

Card = dict[str, Any]

_RATERS = (
    "Comments of Reddit users, whose age, gender and origin are unknown (its paper says that Reddit leans to young "
    "men); rated by English-speaking crowd workers in India, as its data card says. No slice by group of "
    "people can be measured."
)


_EMOTION: Card = {
    "id": "text-emotion",
    "version": "v1",
    "modality": "text",
    "task": "emotion",
    "summary": "Says from the words of one English utterance which emotions they express, and whether they "
    "express confusion or frustration.",
    "outputs": {"scores": SCORES, "labels": FINE, "features": ()},
    "licence": {
        "code": "Apache-2.0",
        "weights": "Apache-2.0",
        "data": "CC BY 4.0",
        "commercial": True,
        "notice": "Fine-tuned from MiniLM-L6 (all-MiniLM-L6-v2, Apache-2.0) on GoEmotions (Demszky et al. 2020, "
        "CC BY 4.0 as its authors state; the upstream statement was not verified).",
        "ledger": ["countenance", "minilm-l6", "goemotions"],
    },
    "input": {
        "shape": "n x t",
        "layout": f"word-piece ids of tokenizer.json as int64, with [CLS] and [SEP], at most {POSITIONS}, no "
        "padding: texts of one batch have one length. Products are quantised per call: run one text per call.",
    },
    "calibration": {
        "method": "slope_offset",
        "fitted_on": "GoEmotions dev, per label; thresholds from the same split, on the calibrated scale",
    },
    "data": {
        "train": "GoEmotions, official train split, 43,410 comments; 35 % of them shown without case and "
        "punctuation, half of the masked names replaced by a random name",
        "demographics": _RATERS,
    },
    "limits": {
        "text": [
            "English only; other languages are refused by a cautious rule, not read.",
            "Trained on written comments, used on spoken words: rank order carries over, thresholds do less so.",
            "One utterance at a time: no context, and irony is often missed.",
            "It says what the words express, not what a person goes through.",
            "Dialects of English may be read less well; this was not measured.",
            "Frustration is the group anger, annoyance, disapproval and disappointment of GoEmotions.",
            f"Words after the first {POSITIONS} word pieces are not read.",
        ]
    },
}

_VAD: Card = {
    "id": "text-vad",
    "version": "v1",
    "modality": "text",
    "task": "dimensions",
    "summary": "Says valence, arousal and dominance of the words of one English utterance, from the features of "
    "text-emotion.v1.",
    "outputs": {"dimensions": DIMENSIONS},
    "licence": {
        "code": "Apache-2.0",
        "weights": "CC BY-SA 4.0",
        "data": "CC BY-SA 4.0",
        "commercial": True,
        "notice": "The head for valence and arousal of words is fitted to EmoBank (Buechel and Hahn 2017) and is "
        "itself under CC BY-SA 4.0.",
        "ledger": ["countenance", "minilm-l6", "goemotions", "emobank"],
    },
    "input": {
        "shape": f"n x {WIDTH}",
        "layout": "features of text-emotion.v1, float32",
    },
    "calibration": {
        "method": "none",
        "fitted_on": "nothing: a ridge says the mean rating, on -1..1 (1 to 5 in EmoBank)",
    },
    "data": {
        "train": "EmoBank, train split, 8,062 sentences; the encoder below was never trained on it",
        "demographics": "Sentences of American English of many genres, rated by crowd workers about whom "
        "nothing is known here.",
    },
    "limits": {
        "text": [
            "English only.",
            "Fits the features of one file of text-emotion.v1; its hash stands under input.",
            "A ridge keeps to the middle: strong words are rated weaker than people rate them.",
        ]
    },
}


def emotion_card(figures: list[Card]) -> Card:
    """The card of text-emotion.v1."""
    return {**_EMOTION, "figures": figures}


def vad_card(figures: list[Card], encoder_sha256: str) -> Card:
    """The card of text-vad.v1, the head that only fits one text-emotion file."""
    layout = {**_VAD["input"], "encoder_sha256": encoder_sha256}
    return {**_VAD, "input": layout, "figures": figures}
