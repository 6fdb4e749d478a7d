"""Summarise callouts by code and app, and keep the newest ones."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from claimsctl.signin.records import Callout, Column, SignIn
from claimsctl.signin.verdicts import Stage, stage_of

KEPT_MAX: Final = 200
"""The number of callouts to keep, of failed and of accepted ones each."""
APPS_MAX: Final = 10_000
OTHER_APPS: Final = "(other apps)"
_SECOND: Final = 19
"""``2026-11-29T07:00:00``: times are compared by the second, since Entra writes fractions with
any number of digits."""


class Row(NamedTuple):
    """A callout and its sign-in."""

    at: str
    number: int
    """A number that orders rows of the same second."""
    sign_in: SignIn
    callout: Callout


class GroupKey(NamedTuple):
    """The key by which callouts are counted."""

    stage: Stage
    code: int | None
    status: int | None
    app_id: str


@dataclass(slots=True)
class Group:
    """Callouts of one app that ended in the same way."""

    key: GroupKey
    sign_in: SignIn
    """One of them, for the verdict."""
    callout: Callout
    count: int = 0
    first: str = ""
    last: str = ""


@dataclass(slots=True)
class _Newest:
    """The newest rows, sorted only when needed: most files are in order of time."""

    rows: list[Row] = field(default_factory=list)
    floor: str = ""

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) >= KEPT_MAX * 4:
            self.rows = self.sorted()
            self.floor = self.rows[0].at

    def sorted(self) -> list[Row]:
        return sorted(self.rows)[-KEPT_MAX:]


@dataclass(slots=True)
class Silence:
    """Sign-ins of an app without a callout."""

    name: str
    sign_ins: int = 0
    callouts: int = 0


@dataclass(slots=True)
class Summary:
    """The summary of all records so far; its size depends on apps and codes, not on records."""

    correlation_id: str = ""
    """The only sign-in to count; empty for all."""
    stages: Counter[Stage] = field(default_factory=Counter)
    groups: dict[tuple[Stage, int | None, int | None, str], Group] = field(default_factory=dict)
    apps: dict[str, Silence] = field(default_factory=dict)
    sign_ins: int = 0
    first: str = ""
    last: str = ""
    retried: int = 0
    """The number of callouts with more than one attempt."""
    _failed: _Newest = field(default_factory=_Newest)
    _accepted: _Newest = field(default_factory=_Newest)
    _number: int = 0

    def add(self, sign_in: SignIn) -> None:
        """Count one sign-in."""
        if self.correlation_id and sign_in.correlation_id != self.correlation_id:
            return
        self.sign_ins += 1
        at = sign_in.at[:_SECOND]
        if at:
            if not self.first or at < self.first:
                self.first = at
            self.last = max(self.last, at)
        app = self.apps.get(sign_in.app_id)
        if app is None:
            key = sign_in.app_id if len(self.apps) < APPS_MAX else OTHER_APPS
            name = sign_in.app_name if key is not OTHER_APPS else ""
            app = self.apps.setdefault(key, Silence(name))
        if sign_in.column is Column.PRESENT:
            app.sign_ins += 1
            app.callouts += len(sign_in.callouts)
        for callout in sign_in.callouts:
            self._add_callout(sign_in, callout)

    def _add_callout(self, sign_in: SignIn, callout: Callout) -> None:
        self._number += 1
        stage = stage_of(sign_in, callout)
        self.stages[stage] += 1
        if callout.attempts is not None and callout.attempts > 1:
            self.retried += 1
        at = (callout.at or sign_in.at)[:_SECOND]
        app_id = sign_in.app_id if sign_in.app_id in self.apps else OTHER_APPS
        key = (stage, callout.code, callout.status, app_id)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(GroupKey(*key), sign_in, callout, 0, at, at)
        group.count += 1
        if at > group.last:
            group.last = at
        elif at < group.first:
            group.first = at
        kept = self._accepted if stage is Stage.ACCEPTED else self._failed
        if at >= kept.floor:
            kept.add(Row(at, self._number, sign_in, callout))

    @property
    def callouts(self) -> int:
        """The number of callouts."""
        return self.stages.total()

    @property
    def is_fine(self) -> bool:
        """Whether there are callouts, and all were accepted."""
        return bool(self.callouts) and self.callouts == self.stages[Stage.ACCEPTED]

    def rows(self) -> list[Row]:
        """Return the newest callouts of each kind, by time."""
        return sorted([*self._failed.sorted(), *self._accepted.sorted()])

    def failures(self) -> list[Row]:
        """Return the newest callouts that failed, by time."""
        return self._failed.sorted()

    def by_cause(self) -> list[Group]:
        """Return the groups, the most frequent first and accepted ones last."""
        return sorted(
            self.groups.values(),
            key=lambda group: (group.key.stage is Stage.ACCEPTED, -group.count),
        )

    def silent_apps(self) -> Iterator[tuple[str, Silence]]:
        """Yield the apps whose sign-ins have no callout, the most used first."""
        silent = [(id_, app) for id_, app in self.apps.items() if app.sign_ins and not app.callouts]
        yield from sorted(silent, key=lambda item: -item[1].sign_ins)

    def document(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        return {
            "sign_ins": self.sign_ins,
            "first": _zulu(self.first),
            "last": _zulu(self.last),
            "callouts": self.callouts,
            "retried": self.retried,
            "stages": {stage.value: self.stages[stage] for stage in Stage},
            "groups": [
                {
                    "stage": group.key.stage.value,
                    "entra_code": group.key.code,
                    "http_status": group.key.status,
                    "app_id": group.key.app_id,
                    "app_name": self.apps[group.key.app_id].name,
                    "count": group.count,
                    "rate": round(group.count / self.callouts, 4),
                    "first": _zulu(group.first),
                    "last": _zulu(group.last),
                }
                for group in self.by_cause()
            ],
            "silent_apps": [
                {"app_id": id_, "app_name": app.name, "sign_ins": app.sign_ins}
                for id_, app in self.silent_apps()
            ],
        }


def _zulu(at: str) -> str | None:
    return f"{at}Z" if at else None
