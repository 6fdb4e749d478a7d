"""The members of a JSON object, each asked for by what it must be."""

from collections.abc import Mapping
from typing import Any

from claims_provider.contract.identifiers import canonical_guid
from claims_provider.errors import CalloutError, ErrorCode


class Members:
    """One object of a document. Whatever is not as asked for raises `CalloutError`.

    The error names the member by its path, but never its value.
    """

    def __init__(self, members: Mapping[str, Any], path: str = "") -> None:
        self._members = members
        self._path = path

    def object(self, name: str) -> "Members":
        """The object that has to be there."""
        self._require(name)
        value = self._members[name]
        if not isinstance(value, dict):
            raise self._malformed(name, "expected an object")
        return Members(value, f"{self._path}{name}.")

    def optional_object(self, name: str) -> "Members | None":
        """The object, ``None`` for null or none."""
        return None if self._members.get(name) is None else self.object(name)

    def guid(self, name: str) -> str:
        """The GUID that has to be there, in lower case."""
        self._require(name)
        text = self._text(name)
        try:
            return canonical_guid(text)
        except ValueError:
            raise self._malformed(name, "expected a GUID") from None

    def optional_guid(self, name: str) -> str | None:
        """The GUID, ``None`` for null or none."""
        return None if self._members.get(name) is None else self.guid(name)

    def optional_text(self, name: str) -> str | None:
        """The string, ``None`` for null or none."""
        return None if self._members.get(name) is None else self._text(name)

    def _text(self, name: str) -> str:
        value = self._members[name]
        if not isinstance(value, str):
            raise self._malformed(name, "expected a string")
        return value

    def _require(self, name: str) -> None:
        if name not in self._members:
            raise CalloutError(ErrorCode.FIELD_MISSING, "required", field=self._path + name)

    def _malformed(self, name: str, detail: str) -> CalloutError:
        return CalloutError(ErrorCode.FIELD_MALFORMED, detail, field=self._path + name)
