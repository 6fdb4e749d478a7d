"""What readers of JSON differ about, and nobody documents: RSP013, RSP015, RSP017."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from claimsctl.judge.finding import Finding
from claimsctl.judge.json_positions import Body, Kind
from claimsctl.judge.problem import ERROR_CODES, FINDINGS_OF_A_KIND, JSON_STANDARD, warning

_BODY_BYTES_USUAL: Final = 65_536
"""Twenty times what the largest claims need; Entra's limit is not documented."""
_DEPTH_USUAL: Final = 64
"""Where .NET's JSON readers stop unless told otherwise; an answer needs six."""


def judge_text(body: Body) -> Iterator[Finding]:
    """Depth, keys given twice, size of the whole; below the usual depth nothing is looked at."""
    deep = next((value for value, depth in body.root.walk() if depth > _DEPTH_USUAL), None)
    if deep is not None:
        yield warning(
            "RSP017",
            1003003,
            "The body nests very deep",
            f"more than {_DEPTH_USUAL} levels",
            "Leave out what the contract does not name.",
            expected=f"at most {_DEPTH_USUAL} levels, where common JSON readers stop",
            place=body.place(deep),
            doc=JSON_STANDARD,
        )
    yield from islice(_keys_given_twice(body), FINDINGS_OF_A_KIND)
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


def _keys_given_twice(body: Body) -> Iterator[Finding]:
    for value, depth in body.root.walk():
        if value.kind is not Kind.OBJECT or depth > _DEPTH_USUAL:
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
