"""The tap on a real Janus, in a network namespace of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.capture.janus_rehearsal import library


@pytest.fixture(scope="module")
def found(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the rehearsal saw; skips by name where there is no Janus or no namespace."""
    if shutil.which("janus") is None or library() is None:
        pytest.skip("Janus is not installed (the Debian package is `janus`)")
    words = ["unshare", "-n", "ip", "link", "add", "cn0", "type", "veth", "peer", "name", "cn1"]
    if shutil.which("unshare") is None or shutil.which("ip") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("network namespaces with veth links are not allowed here")
    folder = tmp_path_factory.mktemp("janus")
    run = [sys.executable, "-m", "tests.capture.janus_rehearsal", str(folder)]
    done = subprocess.run(["unshare", "-n", *run], cwd=root, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


pytestmark = pytest.mark.slow


def test_a_room_that_is_not_there_or_locked_is_refused_with_the_number_of_janus(found: dict[str, Any]) -> None:
    assert (found["no_room"], found["locked"], found["unlocked"]) == (426, 429, [])


def test_its_rooms_are_listed_with_how_many_are_in_them(found: dict[str, Any]) -> None:
    assert found["rooms"] == [["1234", 1], ["1235", 0]]


def test_the_tap_is_seen_in_the_room_and_publishes_nothing(found: dict[str, Any]) -> None:
    assert ["Countenance (reads only what you permit)", False] in found["seen_in_room"]


def test_it_gets_pictures_and_sound(found: dict[str, Any]) -> None:
    assert found["tracks"] == ["7/audio", "7/video"]
    assert found["size"] == [90, 160, 3]
    assert found["loudest"] > 2000
    assert found["in_order"]
    assert 0 < found["first_picture_us"] < 5_000_000


def test_nothing_is_decoded_after_an_opt_out_while_others_go_on(found: dict[str, Any]) -> None:
    assert found["after_opt_out"] == [0, 0]


def test_a_full_room_still_has_place_for_its_publishers(found: dict[str, Any]) -> None:
    assert found["with_another"] == ["7/audio", "7/video", "8/audio", "8/video"]
    assert found["without"] == ["7/audio", "7/video"]


def test_killing_the_tap_disturbs_neither_the_publisher_nor_another_tap(found: dict[str, Any]) -> None:
    assert found["victim_read"] == "reading"
    assert found["publisher"] == "connected"
    assert found["sent_after_kill"] > 10


def test_a_server_that_dies_and_comes_back_is_entered_again(found: dict[str, Any]) -> None:
    assert found["while_down"] == ["7/audio", "7/video"]
    assert found["after_restart"] == ["7/audio.2", "7/video.2"]
