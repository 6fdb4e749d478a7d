"""The simulated platforms: their own answers, and what they add to the service's."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from claimsctl.judge.attempt import Answer
from claimsctl.judge.saved_answer import read_header, read_saved_answer

from tests.simulated_services.server import Behaviour, Connection

_SET_BY_THE_SERVER = {"content-length", "connection"}


class PlatformAnswer(NamedTuple):
    """An answer that a platform makes by itself, and the case of the table that it is."""

    name: str
    case: str
    answer: Answer


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def platform_answers() -> list[PlatformAnswer]:
    """At least one answer for each case of the table."""
    return [
        PlatformAnswer(
            each["name"], each["case"], read_saved_answer(each["answer"].encode()).answer
        )
        for each in _document()["answer"]
    ]


def headers_behind() -> dict[str, tuple[tuple[str, str], ...]]:
    """The headers that each platform adds to an answer that it passes on."""
    return {
        name: tuple(map(read_header, lines.splitlines()))
        for name, lines in _document()["behind"].items()
    }


def sending(answer_at: Callable[[str], Answer]) -> Behaviour:
    """A server that sends the answer of the path that is asked for."""

    def serve(connection: Connection) -> None:
        request = connection.request()
        answer = answer_at(request.path)
        body = b"" if request.method == "HEAD" else answer.body
        lines = [f"HTTP/1.1 {answer.status} X"]
        lines += [f"{name}: {value}" for name, value in answer.headers
                  if name.lower() not in _SET_BY_THE_SERVER]  # fmt: skip
        lines += [f"content-length: {len(body)}", "connection: close", "", ""]
        connection.send("\r\n".join(lines).encode("latin-1") + body)

    return serve
