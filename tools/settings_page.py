"""``python -m tools.settings_page docs/settings.md`` writes its table; ``--check`` only compares.

The table has the parameters of the template, in its order, with their descriptions.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"
BEGIN: Final = "<!-- parameters: made by make events -->"
END: Final = "<!-- end of parameters -->"
LISTED: Final = 6
"""Parameters with more allowed values than this show the first and the last."""


class _Loader(yaml.SafeLoader):
    """Reads YAML with CloudFormation's short tags; what they compute does not matter here."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def table(template: str) -> Iterator[str]:
    """The table's lines, from the template's text."""
    parameters: dict[str, dict[str, Any]] = yaml.load(template, _Loader)["Parameters"]  # noqa: S506
    variables = _variables(template)
    yield "| parameter | values | what it is |"
    yield "|---|---|---|"
    for name, declared in parameters.items():
        shown = f"`{name}`" + "".join(f"<br>`{each}`" for each in variables.get(name, ()))
        description = " ".join(str(declared["Description"]).split())
        linked = re.sub(r"\bdocs/([\w-]+)\.md", r"[\1](\1.md)", description).replace("|", "\\|")
        yield f"| {shown} | {_values(declared)} | {linked} |"


def _variables(template: str) -> dict[str, list[str]]:
    """The function's environment variables by the parameter that sets them directly."""
    inside = template.partition("        Variables:\n")[2].partition("\n\n")[0] + "\n"
    blocks = re.findall(r"^          ([A-Z_]+):(.*\n(?:            .*\n?)*)", inside, re.MULTILINE)
    found: dict[str, list[str]] = {}
    for variable, value in blocks:
        for parameter in dict.fromkeys(re.findall(r"!Ref (\w+)", value)):
            found.setdefault(parameter, []).append(variable)
    return found


def _values(declared: dict[str, Any]) -> str:
    """The values to choose from, the default in bold; or the bounds, and the default."""
    default = declared.get("Default")
    values = [value for value in declared.get("AllowedValues", ()) if value != ""]
    if values and len(values) <= LISTED:
        return ", ".join(f"**{value}**" if value == default else str(value) for value in values)
    if default is None:
        return "required"
    low, high = (values[0], values[-1]) if values else map(declared.get, ("MinValue", "MaxValue"))
    bounds = "" if high is None else f"{low}\N{EN DASH}{high}"
    return ", ".join(each for each in (bounds, "" if default == "" else f"**{default}**") if each)


def page(text: str, template: str) -> str:
    """The page with its table written anew. Raises ``ValueError`` if it has no place for one."""
    made = "\n".join((BEGIN, "", *table(template), "", END))
    parts = re.split(f"{BEGIN}.*?{END}", text, flags=re.DOTALL)
    if len(parts) != 2:  # noqa: PLR2004
        message = f"expected one part {BEGIN} … {END}, found {len(parts) - 1}"
        raise ValueError(message)
    return made.join(parts)


def main(arguments: list[str]) -> int:
    """Write the page named last, or compare it; 1 if it is stale."""
    path = Path(arguments[-1])
    held = path.read_text("utf-8")
    wanted = page(held, TEMPLATE.read_text("utf-8"))
    if held == wanted:
        return 0
    if "--check" in arguments:
        sys.stderr.write(f"{path}: stale; run make events\n")
        return 1
    path.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
