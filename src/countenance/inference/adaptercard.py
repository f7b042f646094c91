"""`adapter.toml`: how somebody else's weights are fed, what their outputs mean, and who may use them.

The card names every file with its hash, one kind of input, the net's own labels with their place among ours, and the
licence as far as the operator knows it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import FACE_CROP_PX, SAMPLE_RATE
from countenance.contracts.readings import EMOTIONS
from countenance.inference.ledger import Certainty
from countenance.inference.tables import Table, near

WEIGHTS = "model.onnx"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
Version = Annotated[str, StringConstraints(pattern=r"^v[0-9][a-z0-9-]{0,30}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$")]
Correlate = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,40}$")]
Place = Annotated[float, Field(allow_inf_nan=False)]


class Terms(Table):
    """Who may use the weights; whatever is not known is said so."""

    name: str = Field(min_length=1)
    """The licence of the weights."""
    source: str = Field(min_length=1)
    holder: str = Field(min_length=1)
    data: str = Field(min_length=1)
    """What they were trained on, as far as it is known."""
    certainty: Certainty = Certainty.CLAIMED
    commercial: bool = False
    reason: str = ""
    """Why commercial use is allowed; the operator answers for it."""
    ledger: tuple[str, ...] = ()
    """Rows of the licence ledger for the data they were trained on."""

    @model_validator(mode="after")
    def _commerce_has_a_reason(self) -> Self:
        if self.commercial and not self.reason.strip():
            raise ValueError("commercial = true needs a reason: say where the terms allow it")
        return self


class FaceInput(Table):
    """Pixels of an aligned crop (112 px, landmarks at FACE_TEMPLATE), resized."""

    input: str = "pixel_values"
    size: int = Field(ge=16, le=1024)
    """Side of the square the net sees, in pixels."""
    margin: int = Field(default=0, ge=0, le=FACE_CROP_PX // 2 - 16)
    """Pixels cut from each side of the crop first, for nets that expect a tighter face."""
    layout: Literal["nchw", "nhwc"] = "nchw"
    colour: Literal["rgb", "bgr", "grey"] = "rgb"
    divide: float = Field(default=255.0, gt=0, allow_inf_nan=False)
    mean: tuple[Place, ...] = (0.0,)
    std: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = (1.0,)

    @model_validator(mode="after")
    def _channels_agree(self) -> Self:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels):
                raise ValueError(f"{name} has {len(values)} values for {self.channels} channels")
        return self

    @property
    def channels(self) -> int:
        """1 for grey, else 3."""
        return 1 if self.colour == "grey" else 3


class VoiceInput(Table):
    """Raw sound, n x samples."""

    input: str = "input_values"
    sample_rate: int = SAMPLE_RATE
    normalise: Literal["clip", "none"] = "clip"
    """`clip`: zero mean and unit variance over what is heard, as wav2vec2's feature extractor does."""
    seconds: float = Field(default=3.0, ge=0.5, le=30)
    """The most it hears: the end of longer sound."""
    exact: bool = False
    """Always that many samples; shorter sound gets silence in front."""

    @model_validator(mode="after")
    def _rate_is_ours(self) -> Self:
        if self.sample_rate != SAMPLE_RATE:
            raise ValueError(f"sound is captured at {SAMPLE_RATE} Hz; a net for {self.sample_rate} Hz cannot be fed")
        return self

    @property
    def samples(self) -> int:
        """The most samples it hears."""
        return round(self.seconds * SAMPLE_RATE)


class TextInput(Table):
    """Token ids of one utterance, 1 x tokens."""

    ids: str = "input_ids"
    mask: str | None = "attention_mask"
    types: str | None = None
    """Name of the token-type input, when the net has one; it is fed zeros."""
    tokenizer: FileName = "tokenizer.json"
    longest: int = Field(default=128, ge=8, le=1024)
    """Tokens; longer utterances are cut."""


class FinderInput(Table):
    """A face finder with the outputs of YuNet: cls, obj, bbox and kps at strides 8, 16 and 32."""

    input: str = "input"
    width: int = Field(default=320, ge=32, le=1920, multiple_of=32)
    height: int = Field(default=320, ge=32, le=1920, multiple_of=32)
    threshold: float = Field(default=0.6, gt=0, lt=1)


class Dimension(Table):
    """A column of the output that places a sample on an axis."""

    label: str
    low: Place = -1.0
    high: Place = 1.0
    """The net's own ends of the axis; they are brought to -1..1."""

    @model_validator(mode="after")
    def _ends_differ(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class Output(Table):
    """The net's own labels and their place among ours."""

    name: str | None = None
    """The output that is read; the net's first when left out."""
    labels: tuple[str, ...] = Field(min_length=1, max_length=512)
    """One per column, in the net's order."""
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    """What turns the columns into probabilities; `none` when they are already."""
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    calibrated_on: str = ""
    """Where the temperature was fitted; empty means nowhere, and the card then says so."""
    emotions: Mapping[str, str] = Field(default_factory=dict)
    """Net label to one of our seven emotions; labels of one emotion join."""
    alone: Mapping[str, Correlate] = Field(default_factory=dict)
    """Net label to a score that stands on its own, such as `confusion`."""
    dimensions: Mapping[Literal["valence", "arousal"], Dimension] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _labels_have_a_place(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("two labels are the same")
        placed = [*self.emotions, *self.alone, *(d.label for d in self.dimensions.values())]
        for label in placed:
            if label not in self.labels:
                raise ValueError(f"{label!r} is not one of the labels. {near(label, self.labels)}")
        for emotion in self.emotions.values():
            if emotion not in EMOTIONS:
                raise ValueError(f"{emotion!r} is none of our emotions. {near(emotion, EMOTIONS)}")
        if wrong := sorted(set(self.alone.values()) & set(EMOTIONS)):
            raise ValueError(f"{wrong[0]!r} is an emotion and cannot stand alone")
        if not placed:
            raise ValueError("no label has a place among ours: fill emotions, alone or dimensions")
        axes = {d.label for d in self.dimensions.values()}
        if both := sorted(axes & {*self.emotions, *self.alone}):
            raise ValueError(f"{both[0]!r} cannot be a dimension and a score")
        return self


class AdapterCard(Table):
    """`adapter.toml`."""

    id: Name
    version: Version = "v1"
    summary: str = Field(min_length=1)
    replaces: tuple[str, ...] = ()
    """Installed bundles that are left out while this one is loaded, such as `face-expression.v1`."""
    limits: tuple[str, ...] = ()
    files: Mapping[FileName, Digest]
    licence: Terms
    face: FaceInput | None = None
    voice: VoiceInput | None = None
    text: TextInput | None = None
    finder: FinderInput | None = None
    output: Output | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in KINDS if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"one of [face], [voice], [text], [finder] is needed; there are {len(kinds)}")
        if (self.output is None) is not (self.finder is not None):
            raise ValueError("[output] is missing" if self.output is None else "a finder takes no [output]")
        needed = {WEIGHTS, *([self.text.tokenizer] if self.text else [])}
        if missing := sorted(needed - self.files.keys()):
            raise ValueError(f"[files] does not name {missing[0]}")
        return self

    @property
    def kind(self) -> str:
        """`face`, `voice`, `text` or `finder`."""
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def asked(self) -> FaceInput | VoiceInput | TextInput | FinderInput:
        """What the net is to be fed."""
        found: FaceInput | VoiceInput | TextInput | FinderInput = getattr(self, self.kind)
        return found


KINDS = {"face": FACE, "voice": VOICE, "text": TEXT, "finder": FACE}
"""Every kind, with the modality it reads."""
