"""One end of a line: messages that wait for an answer, and messages that do not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from countenance.contracts import errors
from countenance.contracts.errors import CountenanceError, LinkError
from countenance.link.frames import Frame, frame, read_frame
from countenance.link.messages import Failed, Message, Ok

KINDS: dict[str, TypeAdapter[Message]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Message)}

Hear = Callable[[Message], Awaitable[Message]]
"""What an end does with a message; its answer goes back where one is waited for. CountenanceErrors go back as well."""


class Line:
    """Both ends of the link are one of these."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Hear) -> None:
        self._reader = reader
        self._writer = writer
        self._hear = hear
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._count = 0
        self._work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the other end is gone. Messages are begun in the order in which they come, and go on side by side."""
        try:
            while (value := await read_frame(self._reader)) is not None:
                message = _message(value)
                if "re" in value:
                    self._answered(value["re"], message)
                else:
                    task = asyncio.create_task(self._serve(value.get("n"), message))
                    self._work.add(task)
                    task.add_done_callback(self._work.discard)
        finally:
            self.close()

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:
        """Send and wait for the answer; raises what the other end raised, LinkError when it is gone or silent."""
        self._count += 1
        number, waiting = self._count, asyncio.get_running_loop().create_future()
        self._asked[number] = waiting
        try:
            self._send({"n": number, **_plain(message)})
            async with asyncio.timeout(timeout_s):
                answer: Message = await waiting
        except TimeoutError as error:
            raise LinkError(
                f"no answer to {type(message).__name__} for {timeout_s:g} s", "The other plane is stuck."
            ) from error
        finally:
            self._asked.pop(number, None)
        if isinstance(answer, Failed):
            raise _error(answer)
        return answer

    def tell(self, message: Message) -> None:
        """Send what needs no answer; on a line that is closed it is lost, as the other end is."""
        if not self._writer.is_closing():
            self._send(_plain(message))

    def close(self) -> None:
        """Hang up; whoever waits for an answer gets a LinkError."""
        self._writer.close()
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(LinkError("the line to the other plane is gone", "It is taken up anew."))

    def _send(self, value: dict[str, Any]) -> None:
        if self._writer.is_closing():
            raise LinkError("the line to the other plane is gone", "It is taken up anew.")
        self._writer.write(frame(value))

    def _answered(self, number: int, message: Message) -> None:
        waiting = self._asked.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def _serve(self, number: int | None, message: Message) -> None:
        try:
            answer = await self._hear(message)
        except CountenanceError as fault:
            answer = Failed(type(fault).__name__, fault.problem, fault.remedy)
        if number is not None and not self._writer.is_closing():
            self._send({"re": number, **_plain(answer)})


OK = Ok()


def _plain(message: Message) -> dict[str, Any]:
    kind = type(message).__name__
    return {"k": kind, "m": KINDS[kind].dump_python(message, mode="json", fallback=dict, warnings=False)}


def _message(value: Frame) -> Message:
    try:
        return KINDS[str(value["k"])].validate_python(value.get("m"))
    except (KeyError, ValidationError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else f"unknown kind {error}"
        raise LinkError(f"a frame is no message ({said})", "Both ends must be of one version.") from error


def _error(answer: Failed) -> CountenanceError:
    kind = getattr(errors, answer.error, CountenanceError)
    return (kind if isinstance(kind, type) and issubclass(kind, CountenanceError) else CountenanceError)(
        answer.problem, answer.remedy
    )
