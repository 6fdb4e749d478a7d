"""Write generated tables into a page, between two markers."""

from pathlib import Path


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: written by make {name} -->\n", f"<!-- end of {name} -->\n"


def block(page: str, name: str) -> str:
    """Return the text between `name`'s markers in `page`. Raises `ValueError` without them."""
    begin, end = _markers(name)
    _, found, rest = page.partition(begin)
    inside, closed, _ = rest.partition(end)
    if not (found and closed):
        message = f"no block {name}: expected {begin.strip()} and, after it, {end.strip()}"
        raise ValueError(message)
    return inside.strip("\n")


def replace_block(document: Path, name: str, content: str) -> None:
    """Put `content` between `name`'s markers in `document`. Raises `ValueError` without them."""
    page = document.read_text("utf-8")
    begin, end = _markers(name)
    block(page, name)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n{content}\n\n{end}{after}", "utf-8")
