"""``python -m claimsctl.catalogue docs/findings.md`` writes the page; ``--check`` only compares."""

import sys
from pathlib import Path

from claimsctl.catalogue.page import page


def main(arguments: list[str]) -> int:
    """Write the named page, or compare it; 1 when it is stale."""
    check = "--check" in arguments
    (path,) = (Path(argument) for argument in arguments if argument != "--check")
    wanted = page().encode("utf-8")
    fresh = path.is_file() and path.read_bytes() == wanted
    if check and not fresh:
        sys.stderr.write(f"{path}: stale; run make events\n")
        return 1
    if not fresh:
        path.write_bytes(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
