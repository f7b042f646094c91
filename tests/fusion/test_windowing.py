import json
from dataclasses import replace

import numpy as np

from countenance.contracts.call import FACE, TEXT
from countenance.contracts.media import SECOND_US, Missing
from countenance.contracts.readings import Abstain, Observation, Reason
from countenance.fusion.windowing import HOLD_US, Windower


def words(end_s: int) -> Observation:
    return Observation("p_1", TEXT, (end_s - 1) * SECOND_US, end_s * SECOND_US, 1.0, {"confusion": 0.9})


def face() -> Observation:
    return Observation("p_1", FACE, 0, 0, 0.9, cues={"smile": 0.2})


def test_an_utterance_speaks_for_the_seconds_after_it_and_fades() -> None:
    windower = Windower("p_1")
    windower.add([words(1)])
    qualities = []
    for second in range(10):
        window = windower.close(second * SECOND_US, (second + 1) * SECOND_US, {})
        qualities += [o.quality for o in window.observations]
    assert len(qualities) == HOLD_US // SECOND_US + 1
    assert qualities[0] == 1.0
    assert qualities == sorted(qualities, reverse=True)


def test_a_face_counts_only_in_its_own_window() -> None:
    windower = Windower("p_1")
    windower.add([face()])
    assert len(windower.close(0, SECOND_US, {}).observations) == 1
    assert not windower.close(SECOND_US, 2 * SECOND_US, {}).observations


def test_withdrawal_takes_a_modality_out_of_the_open_window() -> None:
    windower = Windower("p_1")
    windower.add([words(1), face()])
    windower.miss([Missing("p_1", TEXT, 0, SECOND_US, Reason.SILENCE)])
    windower.drop(TEXT)
    window = windower.close(0, SECOND_US, {TEXT: Abstain(Reason.NO_CONSENT, "withdrawn")})
    assert [o.modality for o in window.observations] == [FACE]
    assert window.missing == {TEXT: Abstain(Reason.NO_CONSENT, "withdrawn")}


def test_words_that_still_speak_are_not_called_silence() -> None:
    windower = Windower("p_1")
    windower.add([words(1)])
    windower.close(0, SECOND_US, {})
    windower.miss([Missing("p_1", TEXT, SECOND_US, 2 * SECOND_US, Reason.SILENCE)])
    assert TEXT not in windower.close(SECOND_US, 2 * SECOND_US, {}).missing


def test_a_windower_goes_on_from_its_state() -> None:
    first, second = Windower("p_1"), Windower("p_1")
    first.add([words(1)])
    first.close(0, SECOND_US, {})
    second.restore(first.state())
    assert second.close(SECOND_US, 2 * SECOND_US, {}) == first.close(SECOND_US, 2 * SECOND_US, {})


def test_an_embedding_is_not_among_what_is_kept_over_an_interruption() -> None:
    windower = Windower("p_1")
    inner = np.full(384, 0.123456, np.float32)
    windower.add([replace(words(1), embedding=inner)])
    state = json.dumps(windower.state())
    assert "embedding" not in state
    assert "0.1234" not in state
    windower.restore(json.loads(state))
    (seen,) = windower.close(0, SECOND_US, {}).observations
    assert seen.embedding is None


def test_an_embedding_lives_as_long_as_its_words_speak() -> None:
    windower = Windower("p_1")
    windower.add([replace(words(1), embedding=np.zeros(4, np.float32))])
    held = [windower.close(n * SECOND_US, (n + 1) * SECOND_US, {}).observations for n in range(8)]
    assert held[0][0].embedding is not None
    assert held[-1] == ()
