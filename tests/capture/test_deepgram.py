"""Deepgram's real package against a server of our own that speaks its protocol on this machine."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from countenance.capture.deepgram import WAITING, DeepgramTranscriber, Service
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.errors import RefusedError, UsageError
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Utterance
from countenance.contracts.stages import Hearing, Transcriber

pytest.importorskip("deepgram")

KEY = "dg-secret-0123456789abcdef"
WORDS = Track("ana/audio/words", "ana", TrackKind.TEXT)
TOLD = ("Deepgram, Inc. (speech to text)",)
HELD_S = 30
HOP = SAMPLE_RATE // 10


def results(text: str, start_s: float, length_s: float, *, final: bool = True) -> str:
    """A message as the service sends it."""
    alternative = {"transcript": text, "confidence": 0.97, "words": [], "languages": ["en"]}
    model = {"name": "n", "version": "v", "arch": "x"}
    message = {
        "type": "Results",
        "channel_index": [0, 1],
        "duration": length_s,
        "start": start_s,
        "is_final": final,
        "speech_final": final,
        "channel": {"alternatives": [alternative] if text != "none" else []},
        "metadata": {"request_id": "a", "model_info": model, "model_uuid": "m"},
        "from_finalize": final,
    }
    return json.dumps(message)


@dataclass
class Fake:
    """Answers every Finalize with the whole of what it heard on that connection since the one before."""

    refuse: int = 0
    """How many connections to turn away."""
    status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE
    hang_up_after: int | None = None
    """Pieces of sound after which the first connection breaks."""
    paths: list[str] = field(default_factory=list)
    headers: list[Headers] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    """Samples per connection."""
    said: list[str] = field(default_factory=list)
    """Every control message."""
    event: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        self.headers.append(request.headers)
        if len(self.paths) <= self.refuse:
            self.event.release()
            return Response(self.status, self.status.phrase, Headers(), b"no")
        return None

    def converse(self, connection: ServerConnection) -> None:
        self.heard.append(0)
        done, pieces = 0, 0
        try:
            for message in connection:
                if isinstance(message, bytes):
                    self.heard[-1] += len(message) // 2
                    pieces += 1
                    if self.hang_up_after == pieces and len(self.heard) == 1:
                        connection.socket.close()
                        return
                    continue
                kind = json.loads(message)["type"]
                self.said.append(kind)
                if kind == "Finalize":
                    start_s, end_s = done / SAMPLE_RATE, self.heard[-1] / SAMPLE_RATE
                    connection.send(json.dumps({"type": "SpeechStarted", "channel": [0, 1], "timestamp": start_s}))
                    connection.send(results("hello wor", start_s, end_s - start_s, final=False))
                    connection.send(results("none", start_s, end_s - start_s))
                    connection.send(results(" ", start_s, end_s - start_s))
                    connection.send(results("Hello world.", start_s, end_s - start_s))
                    done = self.heard[-1]
                self.event.release()
                if kind == "CloseStream":
                    return
        except ConnectionClosed:
            self.said.append("gone")
            self.event.release()


@dataclass
class Said:
    utterances: list[Utterance] = field(default_factory=list)
    more: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, said: Utterance) -> None:
        self.utterances.append(said)
        self.more.release()

    def wait(self) -> Utterance:
        assert self.more.acquire(timeout=HELD_S)
        return self.utterances[-1]


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def server(fake: Fake) -> Iterator[Server]:
    with serve(fake.converse, "127.0.0.1", 0, process_request=fake.answer) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def service(server: Server) -> Service:
    port = server.socket.getsockname()[1]
    return Service(KEY, f"http://127.0.0.1:{port}", language="en", retry_s=(0.0,), keep_alive_s=HELD_S, idle_s=HELD_S)


@pytest.fixture
def transcriber(service: Service) -> Iterator[DeepgramTranscriber]:
    made = DeepgramTranscriber(service, TOLD)
    yield made
    made.close()


def speak(hearing: Hearing, from_s: float, pieces: int = 10) -> None:
    for index in range(pieces):
        hearing.hear(AudioChunk("ana/audio", round(from_s * SECOND_US) + index * 100_000, np.zeros(HOP, np.int16)))
    hearing.pause()


def test_it_asks_as_the_service_wants_and_words_have_the_time_of_the_voice(
    transcriber: DeepgramTranscriber, fake: Fake
) -> None:
    kept: Transcriber = transcriber
    said = Said()
    hearing = kept.open(WORDS, said)
    speak(hearing, 5)
    assert said.wait() == Utterance(WORDS.id, "ana", 5 * SECOND_US, 6 * SECOND_US, "Hello world.", 0.97, "en")
    speak(hearing, 20, pieces=5)
    second = said.wait()
    assert (second.start_us, second.end_us) == (20 * SECOND_US, 20_500_000), "silence between is not sent, but counted"
    asked = urlsplit(fake.paths[0])
    assert asked.path == "/v1/listen"
    assert parse_qs(asked.query) == {
        "model": ["nova-3"],
        "encoding": ["linear16"],
        "sample_rate": ["16000"],
        "channels": ["1"],
        "punctuate": ["true"],
        "interim_results": ["false"],
        "mip_opt_out": ["true"],
        "language": ["en"],
    }
    assert fake.headers[0]["Authorization"] == f"Token {KEY}"
    assert fake.heard == [15 * HOP], "one connection, and nothing but the voice"
    assert transcriber.counts() == {"connections": 1, "utterances": 2}
    assert kept.recipient == "Deepgram"


def test_nothing_is_connected_before_somebody_speaks(transcriber: DeepgramTranscriber, fake: Fake) -> None:
    hearing = transcriber.open(WORDS, Said())
    hearing.pause()
    hearing.close()
    transcriber.close()
    assert fake.paths == []


def test_a_silent_connection_is_kept_and_then_given_back(service: Service, fake: Fake) -> None:
    transcriber = DeepgramTranscriber(replace(service, keep_alive_s=0.02, idle_s=0.06), TOLD)
    said = Said()
    hearing = transcriber.open(WORDS, said)
    speak(hearing, 0)
    said.wait()
    while "CloseStream" not in fake.said:
        assert fake.event.acquire(timeout=HELD_S)
    assert fake.said[:1] == ["Finalize"]
    assert set(fake.said[1:-1]) == {"KeepAlive"}
    assert fake.said[-1] == "CloseStream"
    speak(hearing, 30)
    assert said.wait().start_us == 30 * SECOND_US
    transcriber.close()
    assert transcriber.counts()["connections"] == 2


def test_a_lost_connection_is_opened_again_and_speech_goes_on(transcriber: DeepgramTranscriber, fake: Fake) -> None:
    fake.hang_up_after = 3
    said = Said()
    hearing = transcriber.open(WORDS, said)
    for second in range(40):
        speak(hearing, 2 * second)
        if said.more.acquire(timeout=0.2):
            break
    assert said.utterances, "after the loss there were words again"
    assert len(fake.heard) >= 2
    assert transcriber.counts()["dropped_lost"] >= 1


def test_a_service_that_turns_us_away_is_asked_again(transcriber: DeepgramTranscriber, fake: Fake) -> None:
    fake.refuse = 2
    said = Said()
    hearing = transcriber.open(WORDS, said)
    for second in range(3):
        speak(hearing, 2 * second)
    assert said.wait().text == "Hello world."
    assert len(fake.paths) >= 3
    assert transcriber.counts()["dropped_lost"] == 2


def test_a_wrong_key_is_not_tried_again_and_is_written_nowhere(
    transcriber: DeepgramTranscriber, fake: Fake, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.refuse, fake.status = 9, HTTPStatus.UNAUTHORIZED
    hearing = transcriber.open(WORDS, Said())
    for second in range(3):
        speak(hearing, 2 * second)
    hearing.join()
    assert not hearing.running
    assert len(fake.paths) == 1
    assert transcriber.counts()["refused"] == 1
    assert KEY not in caplog.text
    assert KEY not in repr(service)


def test_a_connection_that_works_writes_no_key_into_the_log(
    transcriber: DeepgramTranscriber, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = Said()
    speak(transcriber.open(WORDS, said), 0)
    said.wait()
    assert "Authorization" in caplog.text, "the handshake is in the log of this test, so the key could have been"
    assert KEY not in caplog.text


def test_after_close_nothing_is_sent_and_nothing_said(transcriber: DeepgramTranscriber, fake: Fake) -> None:
    said = Said()
    hearing = transcriber.open(WORDS, said)
    speak(hearing, 0)
    said.wait()
    hearing.close()
    hearing.join()
    speak(hearing, 5)
    heard = fake.heard[0]
    assert heard == 10 * HOP
    assert len(said.utterances) == 1
    assert "CloseStream" not in fake.said, "no more words are asked for"


def test_words_that_come_after_close_are_not_said(transcriber: DeepgramTranscriber, fake: Fake) -> None:
    said, entered, let = Said(), threading.Event(), threading.Event()
    converse = fake.converse

    def held(connection: ServerConnection) -> None:
        entered.set()
        assert let.wait(HELD_S)
        converse(connection)

    fake.converse = held  # type: ignore[method-assign]
    hearing = transcriber.open(WORDS, said)
    speak(hearing, 0)
    hearing.close()
    let.set()
    hearing.join()
    assert said.utterances == []


def test_a_service_that_takes_nothing_makes_nobody_wait(service: Service, fake: Fake) -> None:
    fake.refuse = 1000
    transcriber = DeepgramTranscriber(replace(service, retry_s=(HELD_S,)), TOLD)
    hearing = transcriber.open(WORDS, Said())
    speak(hearing, 0, pieces=1)
    assert fake.event.acquire(timeout=HELD_S)
    for index in range(WAITING + 7):
        hearing.hear(AudioChunk("ana/audio", SECOND_US + index * 100_000, np.zeros(HOP, np.int16)))
    assert transcriber.counts()["dropped_busy"] >= 6
    transcriber.close()


@pytest.mark.parametrize("recipients", [(), ("Deepwater GmbH",), ("Acme",)])
def test_a_deployment_whose_notice_does_not_name_it_sends_nothing(
    service: Service, recipients: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError, match="does not name"):
        DeepgramTranscriber(service, recipients)


def test_without_the_extra_it_says_which_to_install(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "deepgram", None)
    with pytest.raises(UsageError, match=r"countenance\[deepgram\]"):
        DeepgramTranscriber(service, TOLD)
