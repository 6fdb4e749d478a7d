"""Write the sample events: ``python -m tools.sample_events events``; ``--check`` compares."""

import sys
from pathlib import Path

from tools.sample_events.callouts import EventFile, bad_body_files, callout_files
from tools.sample_events.gateways import bad_gateway_files, gateway_files


def event_files() -> list[EventFile]:
    """Return every file in ``events/`` except the index and the sample claims."""
    return [*callout_files(), *gateway_files(), *bad_body_files(), *bad_gateway_files()]


def main(arguments: list[str]) -> int:
    """Write or compare the files in the named folder; return 1 if one is out of date or extra."""
    check = "--check" in arguments
    (folder,) = (Path(argument) for argument in arguments if argument != "--check")
    files = event_files()
    wanted = {file.name: file.content for file in files}
    wanted["README.md"] = _index(files).encode()
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    left_over = present - wanted.keys() - {"claims.sample.csv"}
    stale = [
        name
        for name, content in wanted.items()
        if name not in present or (folder / name).read_bytes() != content
    ]
    if check:
        for name in sorted([*stale, *left_over]):
            sys.stderr.write(f"{folder / name}: out of date; run make events\n")
        return 1 if stale or left_over else 0
    for name in stale:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(wanted[name])
    for name in left_over:
        (folder / name).unlink()
    return 0


def _index(files: list[EventFile]) -> str:
    """Return ``events/README.md``: the purpose of each file and the function's answer."""
    lines = [
        "# Sample events",
        "",
        "These files are for developers who try or test the endpoint. The table has the status and",
        "code of each answer. `gateway/` and `bad/gateway-…` hold events, as the function gets",
        "them; the other files hold request bodies, as Entra sends them. Try one:",
        "`claimsctl invoke events/callout/member.json`.",
        "",
        "`make events` writes all files except `claims.sample.csv`, which has matching claims.",
        "",
        "| file | what it is | status | `code` |",
        "|---|---|---|---|",
    ]
    for file in files:
        status = f"{file.status}"
        if file.status_open is not None:
            status += f" ({file.status_open} under `CALLER_VERIFICATION=none`)"
        code = f"`{file.code}`" if file.code else "claims"
        lines.append(f"| `{file.name}` | {file.about} | {status} | {code} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
