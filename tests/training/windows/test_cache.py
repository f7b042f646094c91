from pathlib import Path

import numpy as np

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Abstain, ModelRef, Observation, Reason, Window
from countenance.training.windows.cache import WindowCache, key_of

RNG = np.random.default_rng(3)
REF = ModelRef("text-emotion", "v1", "ab" * 32)


def windows() -> tuple[Window, ...]:
    def seen(modality: str, width: int | None) -> Observation:
        inner = None if width is None else RNG.standard_normal(width).astype(np.float32)
        return Observation("p_1", modality, 0, SECOND_US, 0.7, {"anger": 0.25}, {}, {"smile": 0.5}, None, REF, inner)

    silent = Observation("p_1", VOICE, 0, SECOND_US, 0.0, abstain=Abstain(Reason.SILENCE, "none"))
    first = Window("p_1", 0, SECOND_US, (seen(FACE, 8), seen(FACE, None), seen(TEXT, 384), silent), {})
    second = Window("p_1", SECOND_US, 2 * SECOND_US, (seen(FACE, 8),), {VOICE: Abstain(Reason.SILENCE)})
    return first, second, Window("p_1", 2 * SECOND_US, 3 * SECOND_US, (), {})


def test_windows_come_back_as_they_were(tmp_path: Path) -> None:
    cache, made = WindowCache(tmp_path / "windows"), windows()
    cache.put("k", made)
    back = cache.get("k")
    assert back == made
    for kept, own in zip(back or (), made, strict=True):
        for a, b in zip(kept.observations, own.observations, strict=True):
            assert (a.embedding is None) == (b.embedding is None)
            if a.embedding is not None and b.embedding is not None:
                np.testing.assert_array_equal(a.embedding, b.embedding)


def test_a_torn_file_counts_as_none(tmp_path: Path) -> None:
    cache = WindowCache(tmp_path)
    cache.put("k", windows())
    path = tmp_path / "k.npz"
    path.write_bytes(path.read_bytes()[:-200])
    assert cache.get("k") is None
    assert cache.get("never") is None


def test_what_is_not_asked_for_any_more_is_deleted(tmp_path: Path) -> None:
    cache = WindowCache(tmp_path)
    cache.put("old", windows())
    cache.put("new", windows())
    (tmp_path / "torn.draft").write_bytes(b"x")
    assert cache.keep_only(["new"]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["new.npz"]


def test_a_key_changes_with_any_fact() -> None:
    facts = {"files": {"a": ["face"]}, "models": {"m": "1"}}
    assert key_of(facts) == key_of(dict(facts))
    assert key_of(facts) != key_of({**facts, "models": {"m": "2"}})
