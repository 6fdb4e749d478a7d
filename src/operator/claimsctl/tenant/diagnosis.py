"""The findings about a tenant's chain: all checks in the chain's order, and a verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from claimsctl.doctor.runner import finding
from claimsctl.errors import OperatorError
from claimsctl.judge.finding import Finding, Level, Verdict
from claimsctl.tenant.config import Config, TokenKind
from claimsctl.tenant.snapshot import (
    Application,
    ClientConfiguration,
    Extension,
    Listener,
    ServicePrincipal,
    Snapshot,
)

DEFAULT_WAIT_MS: Final = 1000
"""The extension's default, from Graph's reference."""


@dataclass(frozen=True, slots=True)
class Case:
    """A tenant, the extension to check, and further facts about the endpoint."""

    tenant: Snapshot
    extension: Extension | None
    config: Config | None = None
    answer: Verdict | None = None
    """The verdict on the endpoint's answer."""
    latency_ms: float | None = None
    function_wait_ms: int | None = None
    """The function's ``ENTRA_WAIT_MS``."""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The extension's listeners."""
        id_ = self.extension.id.lower() if self.extension else ""
        return tuple(one for one in self.tenant.listeners if one.extension_id.lower() == id_)

    @property
    def api_app_id(self) -> str:
        """The app id that the extension's resourceId names; may be empty."""
        resource = self.extension.resource_id if self.extension else ""
        for one in self.tenant.applications:
            if resource and resource in one.identifier_uris:
                return one.app_id
        return resource.rpartition("/")[2]

    @property
    def api(self) -> Application | None:
        """The endpoint's app registration."""
        return self.tenant.application(self.api_app_id)

    @property
    def api_principal(self) -> ServicePrincipal | None:
        """The endpoint's service principal."""
        return self.tenant.principal(self.api_app_id)

    @property
    def app_ids(self) -> tuple[str, ...]:
        """The applications to enrich: those of the configuration, then others of the listeners."""
        configured = [one.app_id for one in self.config.audiences] if self.config else []
        listened = [app_id for one in self.listeners for app_id in one.app_ids]
        return tuple(dict.fromkeys((*configured, *listened)))

    def is_called(self, app_id: str) -> bool:
        """Return whether a listener of the extension is for the application."""
        return any(one.is_for_all or app_id in one.app_ids for one in self.listeners)

    @property
    def client(self) -> ClientConfiguration:
        """The effective wait and retries: those of the listener, or of the extension."""
        held = (self.extension and self.extension.client_configuration) or ClientConfiguration()
        own = next((own for one in self.listeners if (own := override_of(one))), None)
        if own is None:
            return held
        wait, retries = own.timeout_in_milliseconds, own.maximum_retries
        return ClientConfiguration(
            timeout_in_milliseconds=held.timeout_in_milliseconds if wait is None else wait,
            maximum_retries=held.maximum_retries if retries is None else retries,
        )

    def token_of(self, app_id: str) -> TokenKind:
        """Return which token of an application receives claims: by default the ID token."""
        audiences = self.config.audiences if self.config else ()
        return next((one.token for one in audiences if one.app_id == app_id), TokenKind.ID)


def override_of(listener: Listener) -> ClientConfiguration | None:
    """Return the wait and retries with which a listener overrides the extension's."""
    configuration = listener.handler and listener.handler.configuration
    return configuration.client_configuration if configuration else None


def case_of(
    tenant: Snapshot,
    config: Config | None,
    target_url: str | None = None,
    extension_id: str | None = None,
    **known: Any,
) -> Case:
    """Return the case of the extension that `config`, `target_url` or `extension_id` names.

    Without a name, it is the only extension; of several with the same URL, the only one in use.
    Raises `OperatorError` when several extensions match.
    """
    if extension_id is not None:
        found = tenant.extension(extension_id)
        if found is None:
            message = f"--extension {extension_id}: the tenant has no extension with this id"
            raise OperatorError(message)
        return Case(tenant, found, config, **known)
    url = target_url or (config.target_url if config else None)
    same_url = [one for one in tenant.extensions if one.target_url == url]
    same_name = [
        one for one in tenant.extensions if config and one.display_name == config.endpoint.name
    ]
    candidates = same_url or same_name or list(tenant.extensions)
    if len(candidates) > 1:
        listened = {one.extension_id.lower() for one in tenant.listeners}
        in_use = [one for one in candidates if one.id.lower() in listened]
        candidates = in_use if len(in_use) == 1 and same_url else candidates
    if len(candidates) > 1:
        lines = [f"{one.id} {one.display_name or ''}: {one.target_url}" for one in candidates]
        message = (
            f"{len(candidates)} extensions match; name one with --extension ID or --target-url URL"
        )
        raise OperatorError(message, lines=lines)
    return Case(tenant, next(iter(candidates), None), config, **known)


Checker = Callable[[Case], Finding]


def diagnose(case: Case, checks: Mapping[str, Checker]) -> tuple[Finding, ...]:
    """Return a finding for each check."""
    return tuple(check(case) for check in checks.values())


def result(
    id_: str,
    problems: Sequence[str],
    good: str,
    *,
    hint: str,
    expected: str = "",
    code: int | None = None,
    level: Level = Level.FAIL,
) -> Finding:
    """Return a failed finding for the problems, or a good one if there are none."""
    if not problems:
        return finding(id_, Level.OK, good)
    evidence = "; ".join(problems)
    return finding(id_, level, evidence, hint=hint, expected=expected, entra_code=code)


def skipped(id_: str, reason: str) -> Finding:
    """Return a skipped finding."""
    return finding(id_, Level.SKIP, reason)


def headline(findings: Sequence[Finding]) -> str:
    """Return the verdict in one sentence: the first cause in the chain's order."""
    for level in (Level.FAIL, Level.WARN):
        for one in findings:
            if one.level is level:
                code = f" (Entra: {one.entra_code})" if one.entra_code else ""
                return f"{one.id} {one.title}: {one.evidence}{code}"
    skipped_ids = [one.id for one in findings if one.level is Level.SKIP]
    if skipped_ids:
        return f"No problems found in the checks that ran; skipped: {', '.join(skipped_ids)}"
    return "No problems found: Entra can call the endpoint, and its claims reach the tokens"
