"""What of a deployment may enter the log as a hash, and what may not."""

from pathlib import Path

from countenance.deployment import Deployment, digests, read_deployment

CALL = """
purpose = "support_qa"
jurisdictions = ["US-CA"]
fps = {fps}
call_id = "{call}"
transcript = "call.vtt"

[[participant]]
name = "{name}"
role = "customer"
media = "call.mp4"
"""


def deployment(
    folder: Path, *, name: str = "Ana", call: str = "call", words: str = "hello", fps: int = 5
) -> Deployment:
    folder.mkdir(exist_ok=True)
    (folder / "call.toml").write_text(CALL.format(name=name, call=call, fps=fps))
    (folder / "call.vtt").write_text(words)
    (folder / "call.mp4").write_bytes(words.encode())
    return read_deployment(folder / "call.toml")


def both(found: Deployment, folder: Path) -> tuple[str, str]:
    return digests(found, {"policy": "p"}, {"Ana": folder / "call.mp4"})


def test_the_digest_in_the_log_says_nothing_of_who_was_there_or_what_was_said(tmp_path: Path) -> None:
    first = both(deployment(tmp_path), tmp_path)
    other = both(deployment(tmp_path, name="Ben", call="another", words="other words"), tmp_path)
    assert first[0] != other[0]
    assert first[1] == other[1]


def test_the_digest_in_the_log_tells_how_calls_are_read(tmp_path: Path) -> None:
    assert both(deployment(tmp_path), tmp_path)[1] != both(deployment(tmp_path, fps=8), tmp_path)[1]
