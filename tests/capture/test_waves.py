"""The wave of a recording: true to its time, one per track, small, and never more than how loud it is."""

import json
import struct
import subprocess
import sys
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from countenance.capture.waves import wave_of
from countenance.contracts.errors import MediaError
from countenance.contracts.waves import BARS, FULL

RATE = 8_000


def wav(path: Path, seconds: list[int], width: int = 2) -> Path:
    """One second after the other, each so loud (0 to 100)."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, width, RATE, 0, "NONE", "none"))
        for loud in seconds:
            tops = [loud if at % 2 else -loud for at in range(RATE)]
            if width == 2:
                file.writeframes(struct.pack(f"<{RATE}h", *(320 * top for top in tops)))
            else:
                file.writeframes(bytes(128 + top for top in tops))
    return path


@pytest.mark.parametrize("width", [1, 2])
def test_each_part_is_as_loud_as_its_second(tmp_path: Path, width: int) -> None:
    found = wave_of(wav(tmp_path / "a.wav", [0, 50, 100, 0], width), bars=4)
    assert found.duration_us == 4_000_000
    quiet, middling, loud, after = found.tracks[0].peaks
    assert (quiet, loud, after) == (0, FULL, 0)
    assert abs(middling - FULL / 2) <= 2


def test_an_hour_needs_no_more_numbers_than_a_minute(tmp_path: Path) -> None:
    found = wave_of(wav(tmp_path / "a.wav", [0, 9] * 60))
    assert len(found.tracks[0].peaks) == BARS
    assert len(json.dumps(found.tracks[0].peaks)) < 5_000


def test_silence_is_a_flat_line(tmp_path: Path) -> None:
    assert set(wave_of(wav(tmp_path / "a.wav", [0, 0])).tracks[0].peaks) == {0}


def test_every_track_has_a_wave_of_its_own_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        streams = []
        for title in ("Ana", "Ben"):
            stream = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
            stream.metadata["title"] = title
            streams.append(stream)
        for second in range(2):
            for turn, stream in enumerate(streams):
                loud = np.full((1, RATE), 9_000 * (second == turn), np.int16)
                frame = av.AudioFrame.from_ndarray(loud, "s16", "mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
                out.mux(stream.encode(frame))
    found = wave_of(path, bars=2)
    assert [(one.name, one.peaks) for one in found.tracks] == [("Ana", (FULL, 0)), ("Ben", (0, FULL))]


def test_what_breaks_off_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", [80] * 4)
    path.write_bytes(path.read_bytes()[: 44 + 5 * RATE])
    assert wave_of(path).duration_us == 2_500_000


def test_what_holds_no_sound_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "countenance.capture.waves", str(path)], capture_output=True, check=True
    )
    assert "not a media file" in json.loads(done.stdout)["refused"]
    with wave.open(str(tmp_path / "none.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "none"))
    with pytest.raises(MediaError):
        wave_of(tmp_path / "none.wav")
