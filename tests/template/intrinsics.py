"""CloudFormation's functions, as far as the template uses them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

NO_VALUE: Final = object()
"""``AWS::NoValue``: what it is given to is not there."""


class Intrinsics:
    """Works out references, functions and conditions.

    `references` has the values of names, and `attribute` gives the value of a resource's
    attribute; by default, the attribute itself.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        references: Mapping[str, Any],
        attribute: Callable[[str, str], Any] = "{}.{}".format,
    ) -> None:
        self._conditions = template["Conditions"]
        self._references = {**references, "AWS::NoValue": NO_VALUE}
        self._attribute = attribute
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._references.__getitem__,
            "Fn::GetAtt": lambda names: attribute(*names),
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": self._join,
        }

    def resolve(self, value: Any) -> Any:
        """`value` without functions; raises ``KeyError`` for one that is not known here."""
        if isinstance(value, list):
            parts = [self.resolve(part) for part in value]
            return [part for part in parts if part is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        name = next(iter(value), "")
        if 1 == len(value) and (name == "Ref" or name.startswith("Fn::")):
            return self._functions[name](value[name])
        members = {key: self.resolve(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template is met."""
        return self._is_met(self._conditions[condition])

    def _is_met(self, expression: Any) -> bool:
        ((name, operands),) = expression.items()
        if name == "Fn::Not":
            return not self._is_met(operands[0])
        assert "Fn::Equals" == name
        left, right = self.resolve(operands)
        return str(left) == str(right)  # CloudFormation compares parameters as text

    def _sub(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument
        names = {**self._references, **self.resolve(variables)}

        def stands_for(match: re.Match[str]) -> str:
            name, dot, attribute = match[1].partition(".")
            return str(self._attribute(name, attribute) if dot else names[name])

        return re.sub(r"\$\{([^}]+)\}", stands_for, text)

    def _if(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def _join(self, argument: Any) -> str:
        separator, parts = argument
        return str(separator).join(self.resolve(parts))
