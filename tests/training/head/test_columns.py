from dataclasses import replace

import numpy as np
import pytest
from tests.training.head.made import WIDTHS, labelled, window

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import DatasetError
from countenance.fusion.head_features import GATES, Layout
from countenance.training.head.columns import standardised, survey, with_gaps


def surveyed() -> Layout:
    windows = [one.window for one in labelled(people=2)]
    layout = survey(windows)
    return standardised(layout, layout.raw(windows))


def test_every_modality_has_its_values_and_its_net() -> None:
    layout = surveyed()
    assert list(layout.values) == sorted((FACE, VOICE, TEXT))
    assert "cue.face_cue" in layout.values[FACE]
    assert layout.nets[TEXT] == (("text-made.v1", WIDTHS[TEXT]),)
    assert layout.encoders == ("face-made.v1", "text-made.v1", "voice-made.v1")
    assert sum(stop - start for start, stop in layout.spans.values()) == layout.width


def test_a_modality_that_is_hardly_there_is_left_out() -> None:
    windows = [window(0, (FACE, TEXT) if n < 5 else (FACE,), seed=n) for n in range(40)]
    assert list(survey(windows).values) == [FACE]


def test_nothing_to_read_is_said() -> None:
    with pytest.raises(DatasetError, match="nothing can be read in at least 20 labelled seconds"):
        survey([window(0, (), seed=n) for n in range(40)])


def test_columns_are_standardised_and_gates_are_not() -> None:
    layout = surveyed()
    windows = [one.window for one in labelled(people=2)]
    raw = layout.raw(windows)
    plain = (raw - layout.mean) / layout.scale
    inner = [place for start, stop in layout.spans.values() for place in range(start + GATES, stop)]
    np.testing.assert_allclose(plain[:, inner].mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(plain[:, inner].std(axis=0), 1.0, atol=1e-3)
    assert all((layout.mean[start], layout.scale[start]) == (0.0, 1.0) for start, _ in layout.spans.values())


def test_a_silent_modality_is_all_zeros_and_changes_no_other() -> None:
    layout = surveyed()
    full, part = layout.matrix([window(1, seed=4)])[0], layout.matrix([window(1, (FACE, TEXT), seed=4)])[0]
    start, stop = layout.spans[VOICE]
    assert not part[start:stop].any()
    face = slice(*layout.spans[FACE])
    np.testing.assert_array_equal(full[face], part[face])
    np.testing.assert_array_equal(layout.without(layout.matrix([window(1, seed=4)]), [VOICE])[0, start:stop], 0.0)


def test_a_copy_loses_some_of_its_modalities_and_never_all() -> None:
    layout = surveyed()
    matrix = layout.matrix([window(n % 3, seed=n) for n in range(50)] + [window(0, (FACE,), seed=99)])
    shown, places = with_gaps(layout, matrix, np.random.default_rng(0))
    kept = layout.present(shown)
    assert kept.any(axis=1).all()
    assert kept[: len(matrix)].sum() == layout.present(matrix).sum()
    assert not kept[len(matrix) :].all(axis=1).any()
    assert (places[len(matrix) :] < 50).all()
    assert {tuple(row) for row in kept[len(matrix) :].tolist()} == {
        tuple(bool(bits >> place & 1) for place in range(3)) for bits in range(1, 7)
    }


def test_a_layout_comes_back_from_its_file_as_it_was() -> None:
    layout = surveyed()
    back = Layout.from_json(layout.as_json())
    one = [window(2, seed=8)]
    np.testing.assert_array_equal(back.matrix(one), layout.matrix(one))


def test_words_that_fade_fade_out_of_the_columns() -> None:
    layout = surveyed()
    fresh = window(1, (TEXT,), seed=3)
    faded = replace(fresh, observations=tuple(replace(o, quality=o.quality / 4) for o in fresh.observations))
    start, stop = layout.spans[TEXT]
    ratio = np.abs(layout.matrix([faded])[0, start + GATES : stop]) / np.abs(
        layout.matrix([fresh])[0, start + GATES : stop]
    )
    np.testing.assert_allclose(ratio, 0.25, atol=1e-4)
