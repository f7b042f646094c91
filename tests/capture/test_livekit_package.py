"""LiveKit's own package against a small server of our own, in a network namespace."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("livekit.rtc")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(root: Path) -> dict[str, Any]:
    """What the rehearsal saw; skips by name where there is no namespace."""
    words = ["unshare", "-n", "ip", "link", "add", "cn0", "type", "veth", "peer", "name", "cn1"]
    if shutil.which("unshare") is None or shutil.which("ip") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("network namespaces with veth links are not allowed here")
    run = ["unshare", "-n", sys.executable, "-m", "tests.capture.livekit_rehearsal"]
    done = subprocess.run(run, cwd=root, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_it_enters_with_a_token_that_hides_nothing_and_asks_for_nothing(found: dict[str, Any]) -> None:
    assert found["tracks"] == ["p_1/video", "p_1/audio"]
    assert found["asked_before"] == []
    assert found["token"] == ["lesson-7", False, False]


def test_pictures_and_sound_of_the_package_come_in_order(found: dict[str, Any]) -> None:
    assert found["loudest"] > 2000
    assert found["size"] == [90, 160, 3]
    assert found["in_order"]


def test_after_a_no_nothing_comes_and_after_a_yes_it_comes_again(found: dict[str, Any]) -> None:
    assert found["after_a_no"] == [0, 0]
    assert found["server_was_told"]
    assert found["again"], "though the package says nothing new of the track"


def test_a_final_transcript_becomes_words(found: dict[str, Any]) -> None:
    assert found["words"] == ["hello there"]


def test_data_goes_to_one_person(found: dict[str, Any]) -> None:
    assert found["told"] == [True, "countenance.signal", "{}"]
    assert found["told_whom"] == ["ana@acme"]


def test_a_server_that_goes_on_sending_is_left_and_only_what_is_permitted_is_asked_for_again(
    found: dict[str, Any],
) -> None:
    assert found["entered"] == 2
    assert found["after_leaving"] == ["TR_voice"]
