import wave
from pathlib import Path

import av
import numpy as np
import pytest

from countenance.capture.recording import PictureInfo, SoundInfo, probe
from countenance.contracts.errors import MediaError
from countenance.testing.clips import Pictures, Tone, every, write_clip


def test_headers_say_what_a_file_holds(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.mp4",
        Pictures(at_us=every(30, 2)),
        Tone(2, rate=44_100, layout="stereo"),
        metadata={"creation_time": "2026-03-04T05:06:07.000000Z"},
    )
    found = probe(path)
    assert found.video == PictureInfo(0, "h264", 160, 96, 30.0)
    assert found.audio == SoundInfo(1, "aac", 44_100, 2)
    assert found.duration_us == pytest.approx(2_000_000, abs=50_000)
    assert found.size_bytes == path.stat().st_size
    assert found.zero_us == 0


def test_the_creation_time_is_told_in_utc(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", None, Tone(codec="flac"), {"creation_time": "2026-03-04T05:06:07+02:00"})
    assert probe(path).created_at == "2026-03-04T03:06:07Z"


@pytest.mark.parametrize("stamp", ["", "yesterday", "1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_clock_that_was_never_set_is_no_creation_time(tmp_path: Path, stamp: str) -> None:
    path = write_clip(tmp_path / "a.mkv", None, Tone(codec="flac"), {"creation_time": stamp})
    assert probe(path).created_at is None


@pytest.mark.parametrize(
    ("name", "pictures", "tone"),
    [
        ("a.webm", Pictures(codec="libvpx", options={}), Tone(codec="libopus")),
        ("a.mkv", Pictures(), Tone(codec="flac")),
        ("a.mov", Pictures(), Tone(codec="pcm_s16le")),
        ("a.mp4", Pictures(), None),
        ("a.wav", None, Tone(codec="pcm_s16le")),
        ("a.flac", None, Tone(codec="flac")),
        ("a.ogg", None, Tone(codec="libopus")),
        ("a.mp3", None, Tone(codec="libmp3lame")),
        ("a.m4a", None, Tone()),
    ],
)
def test_common_files_are_known(tmp_path: Path, name: str, pictures: Pictures | None, tone: Tone | None) -> None:
    found = probe(write_clip(tmp_path / name, pictures, tone))
    assert (found.video is not None, found.audio is not None) == (pictures is not None, tone is not None)


def test_the_cover_of_an_album_is_no_picture_of_anybody(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with av.open(str(path), "w") as container:
        played, cover = container.add_stream("flac", rate=16_000, layout="mono"), container.add_stream("mjpeg", rate=1)
        assert isinstance(cover, av.VideoStream)
        assert isinstance(played, av.AudioStream)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
        for start in range(0, 16_000, 1600):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="mono")
            sound.sample_rate, sound.pts = 16_000, start
            container.mux(played.encode(sound))
        container.mux(played.encode(None))
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    assert probe(path).video is None


def test_duration_counts_from_the_zero_of_the_file_and_not_from_a_late_start(tmp_path: Path) -> None:
    late = Pictures(at_us=every(30, 1, start_us=2_000_000))
    assert probe(write_clip(tmp_path / "a.mp4", late, None)).duration_us == pytest.approx(3_000_000, abs=50_000)


def test_a_broadcast_clock_that_starts_anywhere_is_taken_from_its_first_stamp(tmp_path: Path) -> None:
    pictures, tone = Pictures(at_us=every(30, 1, start_us=5_000_000)), Tone(start_us=5_000_000)
    found = probe(write_clip(tmp_path / "a.ts", pictures, tone))
    assert found.zero_us == pytest.approx(5_000_000, abs=100_000)
    assert found.duration_us == pytest.approx(1_000_000, abs=100_000)


def test_a_file_written_while_the_call_ran_may_not_know_its_duration(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.webm", None, Tone(codec="libopus"), options={"live": "1"})
    assert probe(path).duration_us is None


def bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mp4"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "prose":
        path.write_text("Dear Ana, this is no video at all.\n" * 100)
    elif kind == "noise":
        path.write_bytes(bytes(range(256)) * 40)
    elif kind == "playlist":
        path.write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")
    elif kind == "subtitles":
        path.write_text("1\n00:00:01,000 --> 00:00:02,000\nAna: Hi\n")
    elif kind == "truncated":
        whole = write_clip(folder / "whole.mp4").read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "silent":
        with wave.open(str(path), "wb") as silence:
            silence.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
    elif kind == "slow":
        with wave.open(str(path), "wb") as slow:
            slow.setparams((1, 2, 100, 0, "NONE", "not compressed"))
            slow.writeframes(bytes(200))
    elif kind == "wide":
        path = write_clip(folder / "wide.mp4", Pictures(width=9000, height=32, at_us=(0,)), None)
    return path


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("missing", "no such file. Check the path of the recording."),
        ("folder", "a folder or a device, not a file. Give one media file per participant."),
        ("empty", "empty. Record or export it again, or leave it out."),
        ("prose", "not a media file that can be read. Give a recording: mp4, webm, mkv, mov, wav, flac or ogg."),
        ("noise", "not a media file that can be read. Give a recording: mp4, webm, mkv, mov, wav, flac or ogg."),
        ("playlist", "not a media file that can be read. Give a recording: mp4, webm, mkv, mov, wav, flac or ogg."),
        ("subtitles", "not a media file that can be read. Give a recording: mp4, webm, mkv, mov, wav, flac or ogg."),
        ("truncated", "breaks off before its index; it was cut short. Record or export it again, or leave it out."),
        ("silent", "its sound and pictures have zero length. Record or export it again, or leave it out."),
        ("slow", "sound of 100 samples per second. Record or export it again, or leave it out."),
        ("wide", "pictures of 9000 x 32 pixels. Export it with at most 8192 on a side and 40 million in all."),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line_with_a_remedy(
    tmp_path: Path, kind: str, complaint: str
) -> None:
    path = bad_file(tmp_path, kind)
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert str(caught.value) == f"{path}: {complaint}"


def test_pictures_of_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 8000, 6000, "gray"
        frame = av.VideoFrame(8000, 6000, "gray")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="40 million in all"):
        probe(path)


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write_clip(tmp_path / "a.mp4")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MediaError, match=r"cannot be read \(Permission denied\). Check who may read it."):
        probe(path)


def test_a_file_with_only_data_holds_neither_sound_nor_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_data_stream("klv")
        container.start_encoding()
        packet = av.Packet(b"no media" * 20)
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        container.mux(packet)
    with pytest.raises(MediaError, match="holds neither sound nor pictures"):
        probe(path)


def test_real_clips_of_people_are_known(shared: Path) -> None:
    clips = sorted((shared / "data" / "video_talking").glob("*.m*"))
    assert len(clips) == 7
    for path in clips:
        found = probe(path)
        assert found.video is not None
        assert found.audio is not None
        assert found.duration_us is not None
        assert 2_000_000 < found.duration_us < 16_000_000
