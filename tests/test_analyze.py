"""`countenance analyze` from the command line to the files, on the sample call."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from countenance.analysis.folder import WorkFolder
from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.capture.recording import probe
from countenance.cli import app
from countenance.contracts.errors import CountenanceError
from countenance.contracts.media import SECOND_US
from countenance.deployment import read_deployment
from countenance.surface.files import read_lines
from countenance.testing.clips import Pictures, Tone, every, write_clip
from countenance.testing.lines import check_line
from countenance.testing.logs import check_log, read_log
from countenance.testing.sample_call.make import SampleCall

DAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path) -> Said:
    result: Result = CliRunner().invoke(app, [str(a) for a in arguments])
    if isinstance(result.exception, CountenanceError):
        return Said(result.exception.exit_code, result.stdout, result.exception.diagnosis)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def silent(done_us: int, total_us: int) -> None:
    pass


@pytest.fixture(scope="module")
def report(sample_call: SampleCall, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("analyze") / "report"
    analyse(assemble(read_deployment(sample_call.deployment), DAY), out, silent)
    return out


def readings(folder: Path) -> list[dict[str, Any]]:
    return [line["data"] for line in read_lines(folder / "readings.jsonl")]


def test_a_report_holds_every_file_and_the_log_verifies(report: Path) -> None:
    names = {"report.html", "summary.json", "readings.jsonl", "events.jsonl", "store"}
    assert {p.name for p in report.iterdir()} == names
    assert not check_log(report / "store" / "log")
    assert run("audit", "verify", report / "store" / "log", "--completeness").code == 0


def test_every_line_written_fits_its_schema(report: Path) -> None:
    for name in ("readings.jsonl", "events.jsonl"):
        for line in read_lines(report / name):
            check_line(line)


def test_the_same_input_gives_the_same_bytes(report: Path, sample_call: SampleCall, tmp_path: Path) -> None:
    analyse(assemble(read_deployment(sample_call.deployment), DAY), tmp_path / "again", silent)
    for name in ("readings.jsonl", "events.jsonl"):
        assert (tmp_path / "again" / name).read_bytes() == (report / name).read_bytes()


@pytest.mark.parametrize("at_s", [37, 80])
def test_two_halves_give_the_same_bytes_as_one_go(
    report: Path, sample_call: SampleCall, tmp_path: Path, at_s: int
) -> None:
    def stop(done_us: int, total_us: int) -> None:
        if done_us >= at_s * SECOND_US:
            raise KeyboardInterrupt

    job = assemble(read_deployment(sample_call.deployment), DAY)
    with pytest.raises(KeyboardInterrupt):
        analyse(job, tmp_path / "report", stop)
    assert not (tmp_path / "report").exists()
    outcome = analyse(assemble(read_deployment(sample_call.deployment), DAY), tmp_path / "report", silent)
    assert outcome.resumed_us == at_s // 10 * 10 * SECOND_US
    for name in ("readings.jsonl", "events.jsonl"):
        assert (tmp_path / "report" / name).read_bytes() == (report / name).read_bytes()
    assert not check_log(tmp_path / "report" / "store" / "log")
    assert not (tmp_path / "report.partial").exists()


def test_ctrl_c_says_how_to_go_on_and_keeps_a_checkpoint(sample_call: SampleCall, tmp_path: Path) -> None:
    script = (
        "import os, signal, countenance.cli as cli, countenance.cli.running as running\n"
        "def stop(done_us, total_us):\n"
        "    if done_us >= 20_000_000:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a test run in the background inherits a deaf one
        "running._silent = stop\n"
        "cli.main()\n"
    )
    command = ["analyze", "--deployment", str(sample_call.deployment), "--out", str(tmp_path / "report")]
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == "countenance: interrupted; run the same command again to go on"
    assert (tmp_path / "report.partial" / "checkpoint.json").is_file()
    assert not (tmp_path / "report").exists()


def test_flags_and_file_give_the_same_readings(report: Path, sample_call: SampleCall, tmp_path: Path) -> None:
    ana, ben = sample_call.media["Ana"], sample_call.media["Ben"]
    said = run(
        *("analyze", "--purpose", "support_qa", "--jurisdiction", "US-CA", "--transcript", sample_call.transcript),
        *("--participant", f"Ana:customer:{ana}", "--participant", f"Ben:agent:{ben}"),
        *("--consent", "Ana=face,voice,text", "--withdraw", "Ana=face@01:24", "--out", tmp_path / "report", "--json"),
    )
    assert said.code == 0, said
    assert json.loads(said.out)["call"]["purpose"] == "support_qa"

    def numbers(folder: Path) -> list[object]:
        return [(d["taxonomy"], d["window"], d.get("labels"), d.get("abstain")) for d in readings(folder)]

    assert numbers(tmp_path / "report") == numbers(report)


def test_no_frame_of_the_agent_is_decoded(sample_call: SampleCall, tmp_path: Path) -> None:
    from countenance.capture.playback import ReplayTap
    from countenance.session import Session

    taps: list[ReplayTap] = []
    original = Session.run

    async def spy(self: Session, tap: ReplayTap, end_us: int) -> None:
        taps.append(tap)
        await original(self, tap, end_us)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "run", spy)
        analyse(assemble(read_deployment(sample_call.deployment), DAY), tmp_path / "report", silent)
    assert taps[0].decoded("p_2/video") == taps[0].decoded("p_2/audio") == 0
    frames_before_the_withdrawal = 84 * 15
    assert 0.98 * frames_before_the_withdrawal < taps[0].decoded("p_1/video") <= frames_before_the_withdrawal
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    leased = {
        leaf["subject_ref"] for leaf in read_log(tmp_path / "report" / "store" / "log") if leaf["kind"] == "LEASE"
    }
    assert leased == {summary["audit"]["subjects"]["p_1"]}


def test_the_file_of_somebody_who_may_not_be_read_is_not_even_opened(sample_call: SampleCall, tmp_path: Path) -> None:
    nonsense = write(tmp_path / "ben.mp4", b"these bytes would be an error if anybody looked")
    ana = sample_call.media["Ana"]
    people = ("--participant", f"Ana:customer:{ana}", "--participant", f"Ben:agent:{nonsense}")
    place = ("--purpose", "support_qa", "--jurisdiction", "US-CA", "--transcript", str(sample_call.transcript))
    said = run(
        "analyze", *place, *people, "--consent", "Ana=text", "--consent", "Ben=face,voice", "--out", tmp_path / "r"
    )
    assert said.code == 0, said


def test_nobody_agreed_and_the_report_says_so(sample_call: SampleCall, tmp_path: Path) -> None:
    assert run(*base(sample_call), "--out", tmp_path / "report").code == 0
    assert not readings(tmp_path / "report")
    assert "no consent" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_hiring_is_refused_with_the_citation_and_leaves_nothing(sample_call: SampleCall, tmp_path: Path) -> None:
    said = run(*base(sample_call, purpose="hiring"), "--out", tmp_path / "report")
    assert said.code == 3
    assert "5(1)(f)" in said.err
    assert not list(tmp_path.iterdir())


def test_where_only_aggregates_are_allowed_no_single_person_is_read(sample_call: SampleCall, tmp_path: Path) -> None:
    said = run(*base(sample_call, purpose="focus_group", role="panelist"), "--out", tmp_path / "report")
    assert said.code == 3
    assert not list(tmp_path.iterdir())


def base(call: SampleCall, purpose: str = "support_qa", place: str = "US-CA", role: str = "customer") -> list[str]:
    ana = f"Ana:{role}:{call.media['Ana']}"
    return ["analyze", "--purpose", purpose, "--jurisdiction", place, "--participant", ana]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


USAGE = [
    (["--participant", "Ana:customer:x.mp4"], "Ana"),
    (["--consent", "Anna=face"], "Ana"),
    (["--consent", "Ana=fase"], "face"),
    (["--withdraw", "Ana=face"], "MODALITY@TIME"),
    (["--withdraw", "Ana=face@soon"], "soon"),
    (["--taxonomy", "engagment.v1"], "engagement.v1"),
    (["--profile", "comercial"], "commercial"),
    (["--fps", "30"], "fps"),
]


@pytest.mark.parametrize(("extra", "named"), USAGE, ids=[" ".join(extra) for extra, _ in USAGE])
def test_a_wrong_flag_is_one_clear_line(extra: list[str], named: str, sample_call: SampleCall, tmp_path: Path) -> None:
    refused(run(*base(sample_call), *extra, "--out", tmp_path / "report"), 2, named, tmp_path)


@pytest.mark.parametrize(
    ("words", "named"),
    [({"purpose": "suport_qa"}, "support_qa"), ({"role": "custmer"}, "customer"), ({"place": "US-CAL"}, "US-CA")],
)
def test_an_unknown_word_names_the_nearest(
    words: dict[str, str], named: str, sample_call: SampleCall, tmp_path: Path
) -> None:
    refused(run(*base(sample_call, **words), "--out", tmp_path / "report"), 2, named, tmp_path)


def test_an_unknown_key_names_the_nearest(sample_call: SampleCall, tmp_path: Path) -> None:
    path = tmp_path / "call.toml"
    path.write_text('purpos = "support_qa"\n', encoding="utf-8")
    said = run("analyze", "--deployment", path, "--out", tmp_path / "report")
    assert said.code == 2
    assert "purpose" in said.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.mp4", None, "no such file"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"hello, this is not a film\n" * 50, "not a media file"),
    ],
)
def test_bad_media_is_one_clear_line(name: str, content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    command = ["analyze", "--purpose", "support_qa", "--participant", f"Ana:customer:{path}"]
    answer = run(*command, "--jurisdiction", "US-CA", "--consent", "Ana=face", "--out", tmp_path / "out" / "report")
    assert answer.code == 1
    assert str(path) in answer.err
    assert said in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_recording_is_one_clear_line(share: float, sample_call: SampleCall, tmp_path: Path) -> None:
    whole = sample_call.media["Ana"].read_bytes()
    path = write(tmp_path / "cut.webm", whole[: int(len(whole) * share)])
    command = ["analyze", "--purpose", "support_qa", "--participant", f"Ana:customer:{path}"]
    answer = run(*command, "--jurisdiction", "US-CA", "--consent", "Ana=voice", "--out", tmp_path / "out" / "report")
    assert answer.code == 1
    assert str(path) in answer.err
    assert "cut short" in answer.err
    assert "--accept-damaged" in answer.err
    assert not (tmp_path / "out").exists()


def test_an_unknown_speaker_names_the_people(sample_call: SampleCall, tmp_path: Path) -> None:
    vtt = tmp_path / "call.vtt"
    vtt.write_text("WEBVTT\n\n00:00.500 --> 00:02.000\n<v Zoe>Hello there.\n", encoding="utf-8")
    said = run(*base(sample_call), "--transcript", vtt, "--out", tmp_path / "report")
    assert said.code == 1
    assert "Zoe" in said.err
    assert "Ana" in said.err


def test_a_recording_that_does_not_know_its_duration_is_read_to_its_end(tmp_path: Path) -> None:
    pictures = Pictures(at_us=every(10, 4), codec="libvpx", options={})
    path = write_clip(tmp_path / "live.webm", pictures, Tone(4.0, codec="libopus"), options={"live": "1"})
    assert probe(path).duration_us is None
    command = ["analyze", "--purpose", "support_qa", "--jurisdiction", "US-CA", "--consent", "Ana=face,voice", "--json"]
    said = run(*command, "--participant", f"Ana:customer:{path}", "--out", tmp_path / "report")
    assert said.code == 0, said
    assert 3_800_000 <= json.loads(said.out)["call"]["duration_us"] <= 4_200_000


def test_a_folder_that_is_no_report_is_not_replaced(sample_call: SampleCall, tmp_path: Path) -> None:
    kept = tmp_path / "report" / "thesis.txt"
    kept.parent.mkdir()
    kept.write_text("years of work", encoding="utf-8")
    said = run(*base(sample_call), "--consent", "Ana=text", "--out", tmp_path / "report")
    assert said.code == 2
    assert kept.read_text(encoding="utf-8") == "years of work"


def test_a_folder_in_which_another_analysis_is_at_work_is_left_alone(sample_call: SampleCall, tmp_path: Path) -> None:
    other = WorkFolder(tmp_path / "report", "another")
    other.open()
    (other.path / "kept").touch()
    said = run(*base(sample_call), "--consent", "Ana=text", "--out", tmp_path / "report")
    assert said.code == 2
    assert "another analysis" in said.err
    assert (other.path / "kept").is_file()
    other.pause()
    assert run(*base(sample_call), "--consent", "Ana=text", "--out", tmp_path / "report").code == 0


def test_weights_with_a_wrong_hash_do_not_load(tmp_path: Path) -> None:
    from countenance.contracts.errors import BundleError
    from countenance.inference.shelf import Profile, Shelf

    bundle = Path(str(files("countenance"))) / "models" / "face-finder.v1"
    copy = shutil.copytree(bundle, tmp_path / "face-finder.v1")
    with (copy / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match="sha256"):
        Shelf([copy], Profile.OPEN).load("face-finder.v1")


class Shouting:
    """An encoder of somebody else's: words in capitals are `shouted`."""

    from countenance.contracts.media import SampleSpec, TextSample

    takes = SampleSpec("text", TextSample)
    needs: tuple[str, ...] = ()

    @classmethod
    def from_shelf(cls, shelf: object) -> "Shouting":
        return cls()

    def encode(self, samples: Sequence[Any]) -> list[Any]:
        from countenance.contracts.readings import Observation

        return [
            Observation(
                s.participant_id, "text", s.start_us, s.end_us, 1.0, {"shouted": 0.99 if s.text.isupper() else 0.01}
            )
            for s in samples
        ]


def test_adding_an_encoder_touches_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "ana.wav", None, Tone(4.0, codec="pcm_s16le"))
    (tmp_path / "call.vtt").write_text("WEBVTT\n\n00:00.500 --> 00:01.500\n<v Ana>THIS IS WRONG\n", encoding="utf-8")
    (tmp_path / "loud.v1.toml").write_text(
        'name = "loud.v1"\ncalibration_id = "loud"\ndenotes = "a test"\noutputs = ["engagement"]\nsmoothing_s = 1.0\n'
        '[[label]]\nname = "shouting"\ndirect = "score.shouted"\nenter = 0.5\n',
        encoding="utf-8",
    )
    (tmp_path / "call.toml").write_text(
        'purpose = "support_qa"\njurisdictions = ["US-CA"]\ntranscript = "call.vtt"\n'
        f'taxonomies = ["{tmp_path / "loud.v1.toml"}"]\n'
        f'[stages]\nencoders = ["somebody_elses:Shouting"]\n'
        '[[participant]]\nname = "Ana"\nrole = "customer"\nmedia = "ana.wav"\nconsent = ["text"]\n',
        encoding="utf-8",
    )
    monkeypatch.setitem(sys.modules, "somebody_elses", sys.modules[__name__])
    assert run("analyze", "--deployment", tmp_path / "call.toml", "--out", tmp_path / "report").code == 0
    assert any(d["label"] == "shouting" for d in readings(tmp_path / "report"))


def test_adding_a_connector_touches_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "ana.wav", None, Tone(3.0, codec="pcm_s16le"))
    (tmp_path / "mine.py").write_text(
        "from countenance.contracts.media import Utterance\n"
        "from countenance.testing.memory import MemoryConnector\n"
        "def connect(recordings, utterances, grid, *, offsets_us, stops_us):\n"
        "    return MemoryConnector([Utterance('p_1/text', 'p_1', 0, 900_000, 'So annoying and frustrating!')])\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "call.toml").write_text(
        'purpose = "support_qa"\njurisdictions = ["US-CA"]\n[stages]\nconnector = "mine:connect"\n'
        '[[participant]]\nname = "Ana"\nrole = "customer"\nmedia = "ana.wav"\nconsent = ["text"]\n',
        encoding="utf-8",
    )
    assert run("analyze", "--deployment", tmp_path / "call.toml", "--out", tmp_path / "report").code == 0
    first = next(d for d in readings(tmp_path / "report") if d["taxonomy"] == "engagement.v1")
    assert first["modalities"]["text"]["used"]


def test_the_commercial_profile_leaves_the_research_bundles_out(sample_call: SampleCall, tmp_path: Path) -> None:
    said = run(
        *base(sample_call),
        "--consent",
        "Ana=face,voice",
        "--profile",
        "commercial",
        "--out",
        tmp_path / "report",
        "--json",
    )
    assert said.code == 0, said
    names = {model["id"] for model in json.loads(said.out)["models"]}
    assert names
    assert not names & {"face-expression", "voice-emotion"}


def refused(said: Said, code: int, named: str, folder: Path) -> None:
    assert said.code == code, said
    assert named in said.err
    assert "Traceback" not in said.err
    assert "\n" not in said.err.strip()
    assert not (folder / "report").exists()
    assert not (folder / "report.partial").exists()


def test_models_are_listed_with_their_terms() -> None:
    said = run("models", "--profile", "commercial")
    assert said.code == 0
    assert "face-finder.v1: " in said.out
    assert "left out under the profile commercial: voice-emotion.v1: the licence row 'ravdess'" in said.out


def test_policy_explain_refuses_with_exit_code_3() -> None:
    said = run(
        "policy", "explain", "--purpose", "support_qa", "--role", "agent", "--modality", "face", "--jurisdiction", "EU"
    )
    assert said.code == 3
    assert "5(1)(f)" in said.out


def test_flags_on_the_manner_replace_what_the_file_says(sample_call: SampleCall, tmp_path: Path) -> None:
    said = run(
        *("analyze", "--deployment", sample_call.deployment, "--profile", "commercial", "--taxonomy", "va.v1"),
        *("--out", tmp_path / "report", "--json"),
    )
    assert said.code == 0, said
    readings = (tmp_path / "report" / "readings.jsonl").read_text(encoding="utf-8")
    assert "va.v1" in readings
    assert "engagement.v1" not in readings
    assert "face-expression" not in readings
    assert "voice-emotion" not in readings


def test_flags_about_who_is_read_do_not_stand_beside_a_file(sample_call: SampleCall, tmp_path: Path) -> None:
    for flag, value in (("--jurisdiction", "US-CA"), ("--consent-kind", "explicit"), ("--purpose", "support_qa")):
        said = run("analyze", "--deployment", sample_call.deployment, flag, value, "--out", tmp_path / "report")
        assert said.code == 2
        assert "--deployment says who is read and why" in said.err
    assert not (tmp_path / "report").exists()


def test_two_calls_in_one_store_share_a_log_and_no_reference(sample_call: SampleCall, tmp_path: Path) -> None:
    for name in ("one", "two"):
        kept = ("--store", tmp_path / "data", "--out", tmp_path / name)
        assert run(*base(sample_call), "--consent", "Ana=text", *kept).code == 0
    assert not check_log(tmp_path / "data" / "log")
    found = [json.loads((tmp_path / name / "summary.json").read_text())["audit"] for name in ("one", "two")]
    assert found[0]["call_ref"] != found[1]["call_ref"]
    assert not set(found[0]["subjects"].values()) & set(found[1]["subjects"].values())
    assert found[1]["path"] == str(tmp_path / "data" / "log")
    assert not (tmp_path / "one" / "store").exists()
    everything = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"Ana" not in everything
