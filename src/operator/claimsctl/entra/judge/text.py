"""What readers of JSON differ about, and nobody documents: RSP013, RSP015, RSP017."""

from collections.abc import Iterator
from typing import Final

from claimsctl.entra.finding import Finding
from claimsctl.entra.judge.body import Body
from claimsctl.entra.judge.json_reader import Kind
from claimsctl.entra.judge.problem import ERROR_CODES, JSON_STANDARD, warning

_BODY_BYTES_USUAL: Final = 65_536
"""Twenty times what the largest claims need; Entra's limit is not documented."""
_DEPTH_USUAL: Final = 64
"""Where .NET's JSON readers stop unless told otherwise; an answer needs six."""


def judge_text(body: Body) -> Iterator[Finding]:
    """Keys given twice, depth, size of the whole."""
    deepest = False
    for value, depth in body.root.walk():
        if depth > _DEPTH_USUAL and not deepest:
            deepest = True
            yield warning(
                "RSP017",
                1003003,
                "The body nests very deep",
                f"more than {_DEPTH_USUAL} levels",
                "Leave out what the contract does not name.",
                expected=f"at most {_DEPTH_USUAL} levels, where common JSON readers stop",
                place=body.place(value),
                doc=JSON_STANDARD,
            )
        if value.kind is not Kind.OBJECT:
            continue
        seen = set()
        for item in value.items:
            if item.key in seen:
                yield warning(
                    "RSP013",
                    1003003,
                    "A key is given twice in one object",
                    f'"{item.key}" again',
                    "Send every key once: which of the two is read is nowhere documented.",
                    expected="each key once; judged by the last",
                    place=body.place(item, key=True),
                    doc=f"{JSON_STANDARD}#section-4",
                )
            seen.add(item.key)
    if body.bytes > _BODY_BYTES_USUAL:
        yield warning(
            "RSP015",
            1003024,
            "The body is very large",
            f"{body.bytes} bytes",
            "Send the claims and nothing else.",
            expected="some 4 KB; Entra has a limit of its own and does not say which",
            doc=ERROR_CODES,
        )
