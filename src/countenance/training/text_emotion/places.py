"""Where the corpora and the pretrained encoder lie on this machine; none of it changes what is learnt."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Folders; the corpora are folders of `data` by their names here, or `data` itself for GoEmotions."""

    data: Path
    base: Path
    """MiniLM-L6: `model.safetensors` and `tokenizer.json`."""
    run: Path

    @property
    def goemotions(self) -> Path:
        """Trained on."""
        return self._named("text_goemotions")

    @property
    def emobank(self) -> Path:
        """Trained on by the head alone."""
        return self.data / "text_emobank"

    @property
    def maia(self) -> Path:
        """Measured on, never trained or tuned on."""
        return self.data / "text_maia_dqe"

    @property
    def meld(self) -> Path:
        """Measured on, never trained or tuned on."""
        return self.data / "text_meld"

    def _named(self, name: str) -> Path:
        inner = self.data / name
        return inner if inner.is_dir() else self.data
