"""One recorded file: what it holds, found from its headers, and opened with care for where it may come from."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import av
from av.container import InputContainer
from av.format import Flags

from countenance.contracts.errors import MediaError
from countenance.contracts.media import SECOND_US

LARGEST_SIDE_PX = 8192
LARGEST_PIXELS = 40_000_000
SOUND_RATES = range(4_000, 768_001)
"""Samples per second of sound that is taken for sound; anything else is a broken header."""
OBLONG = (0.25, 4.0)
"""Pixel shapes that exist; anything else is taken for a broken header."""
PROBE_PACKETS = 500
FORMATS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,flac,flv,h264,hevc,ivf,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,"
    "w64,wav,wv"
)
"""Formats that hold media themselves. Playlists, which would make FFmpeg open further files, are not among them."""
EXPORT_AGAIN = "Record or export it again, or leave it out."


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What the headers say about the pictures of a file."""

    index: int
    """Which stream of the file."""
    codec: str
    width: int
    height: int
    """In pixels as coded, before rotation."""
    frames_per_second: float | None
    """Average over the file, when the container knows it."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height."""


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """What the headers say about the sound of a file."""

    index: int
    """Which stream of the file."""
    codec: str
    samples_per_second: int
    channels: int


@dataclass(frozen=True, slots=True)
class Recording:
    """One media file of one participant."""

    path: Path
    size_bytes: int
    video: PictureInfo | None
    audio: SoundInfo | None
    duration_us: int | None
    """When the file's last stream ends, from its own zero; None for files that do not say, written while a call ran."""
    zero_us: int
    """The container time that is the file's own zero: 0, but the first stamp where the format starts anywhere."""
    created_at: str | None
    """RFC 3339 UTC of the container's creation time."""


def probe(path: Path) -> Recording:
    """Read the headers of a media file; nothing is decoded for anybody."""
    container = open_media(path)
    try:
        alive = _streams_with_packets(container)
        video = next((_picture(path, stream) for stream in container.streams.video if stream.index in alive), None)
        audio = next((_sound(path, stream) for stream in container.streams.audio if stream.index in alive), None)
        if video is None and audio is None:
            raise _silent(path, container)
        return Recording(
            path=path,
            size_bytes=path.stat().st_size,
            video=video,
            audio=audio,
            duration_us=_end_us(container),
            zero_us=_zero_us(container),
            created_at=_utc(container.metadata.get("creation_time")),
        )
    finally:
        container.close()


def measured(recording: Recording) -> Recording:
    """The same with its duration found from its packets, for files written while a call ran do not know their own."""
    if recording.duration_us is not None:
        return recording
    container = open_media(recording.path)
    try:
        end_us = (_last_us(container, 0) or 0) - recording.zero_us
    finally:
        container.close()
    return replace(recording, duration_us=end_us if end_us > 0 else None)


def missing_us(recording: Recording) -> int:
    """How much the file lacks of the duration that its headers promise; packets are looked at, not decoded."""
    if recording.duration_us is None:
        return 0
    container = open_media(recording.path)
    try:
        reached_us = _last_us(container, recording.zero_us + recording.duration_us - 2 * SECOND_US)
        # Where the last seconds cannot be reached by seeking, the file breaks off before: read it from the start.
        if reached_us is None:
            reached_us = _last_us(container, 0) or 0
        return max(0, recording.zero_us + recording.duration_us - reached_us)
    finally:
        container.close()


def _last_us(container: InputContainer, from_us: int) -> int | None:
    """The end of the last packet at or after a container time; None when there is none."""
    last: int | None = None
    try:
        container.seek(max(0, from_us))
        for packet in container.demux():
            if packet.size and packet.pts is not None and packet.time_base:
                end = int((packet.pts + (packet.duration or 0)) * packet.time_base * SECOND_US)
                last = end if last is None else max(last, end)
    except av.error.FFmpegError:
        return last  # it breaks off here, which is what is asked
    return last


def open_media(path: Path) -> InputContainer:
    """Open a file that holds media itself; anything else is an error that names the file and what to do."""
    head = _head(path)
    try:
        return av.open(
            f"file:{path}",
            metadata_errors="replace",
            options={"protocol_whitelist": "file", "format_whitelist": FORMATS, "max_pixels": str(LARGEST_PIXELS)},
        )
    except av.error.FFmpegError as error:
        if head[4:8] == b"ftyp":
            raise MediaError(f"{path}: breaks off before its index; it was cut short", EXPORT_AGAIN) from error
        raise MediaError(
            f"{path}: not a media file that can be read", "Give a recording: mp4, webm, mkv, mov, wav, flac or ogg."
        ) from error


def _head(path: Path) -> bytes:
    """The first bytes of a file that is there, may be read and is not empty."""
    try:
        if path.exists() and not path.is_file():
            raise MediaError(f"{path}: a folder or a device, not a file", "Give one media file per participant.")
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError as error:
        raise MediaError(f"{path}: no such file", "Check the path of the recording.") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})", "Check who may read it.") from error
    if not head:
        raise MediaError(f"{path}: empty", EXPORT_AGAIN)
    return head


def _streams_with_packets(container: InputContainer) -> set[int]:
    """Indices of the sound and picture streams that are not known to be empty; packets are looked at, not decoded."""
    wanted = {
        stream.index
        for stream in (*container.streams.video, *container.streams.audio)
        if stream.codec_context is not None and not stream.disposition & av.stream.Disposition.attached_pic
    }
    seen: set[int] = set()
    try:
        for count, packet in enumerate(container.demux()):
            if packet.size:
                seen.add(packet.stream.index)
            if wanted <= seen or count >= PROBE_PACKETS:
                return wanted
    except av.error.FFmpegError:
        # A file that breaks off here still has what was seen; reading it counts and reports the rest.
        return wanted & seen
    return wanted & seen


def _picture(path: Path, stream: av.VideoStream) -> PictureInfo:
    codec = stream.codec_context
    width, height = codec.width, codec.height
    # FFmpeg itself stops at LARGEST_PIXELS while it probes, and then knows no size.
    if max(width, height) > LARGEST_SIDE_PX or not 0 < width * height <= LARGEST_PIXELS:
        size = f"of {width} x {height} pixels" if width * height else "of no size that can be handled"
        raise MediaError(
            f"{path}: pictures {size}",
            f"Export it with at most {LARGEST_SIDE_PX} on a side and {LARGEST_PIXELS // 1_000_000} million in all.",
        )
    rate, aspect = stream.average_rate, float(stream.sample_aspect_ratio or 1)
    return PictureInfo(
        index=stream.index,
        codec=codec.name,
        width=width,
        height=height,
        frames_per_second=float(rate) if rate else None,
        pixel_aspect=aspect if OBLONG[0] <= aspect <= OBLONG[1] else 1.0,
    )


def _sound(path: Path, stream: av.AudioStream) -> SoundInfo:
    codec = stream.codec_context
    if codec.sample_rate not in SOUND_RATES:
        raise MediaError(f"{path}: sound of {codec.sample_rate} samples per second", EXPORT_AGAIN)
    return SoundInfo(stream.index, codec.name, codec.sample_rate, codec.channels)


def _silent(path: Path, container: InputContainer) -> MediaError:
    """The error for a file that opens but holds nothing to see or hear."""
    if not container.streams.video and not container.streams.audio:
        return MediaError(f"{path}: holds neither sound nor pictures", "Give the recording of one participant.")
    return MediaError(f"{path}: its sound and pictures have zero length", EXPORT_AGAIN)


def _zero_us(container: InputContainer) -> int:
    """Broadcast formats start their clock anywhere; all others count from the start of the recording."""
    anywhere = Flags(container.format.flags) & Flags.ts_discont
    return (container.start_time or 0) if anywhere else 0


def _end_us(container: InputContainer) -> int | None:
    """The end of the longest stream that knows its own; else the duration of the whole."""
    ends = [
        int(((stream.start_time or 0) + stream.duration) * stream.time_base * SECOND_US) - _zero_us(container)
        for stream in container.streams
        if stream.duration and stream.time_base
    ]
    end_us = max(ends, default=container.duration or 0)
    return end_us if end_us > 0 else None


def _utc(stamp: str | None) -> str | None:
    """A container's creation time as RFC 3339 UTC; None when it is missing, unset or not a time."""
    try:
        moment = datetime.fromisoformat(stamp or "")
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # Recorders without a clock write the epoch of QuickTime (1904) or of Unix.
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year > 1990 else None
