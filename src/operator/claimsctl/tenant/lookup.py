"""Find the objects of the chain in a tenant, and name them."""

from typing import Final

from claimsctl.claims_file.schema import ClaimSchema, mapped_by
from claimsctl.errors import OperatorError
from claimsctl.tenant.config import Application, Config, TokenKind
from claimsctl.tenant.policies import merged_definition, own_definition
from claimsctl.tenant.snapshot import Application as Registration
from claimsctl.tenant.snapshot import Extension, Listener, Policy, Snapshot

TOKEN_VERSION: Final = 2


class Lookup:
    """The chain's objects for one configuration; ``None`` is a tenant that was not read."""

    def __init__(self, config: Config, schema: ClaimSchema) -> None:
        self.config = config
        self.schema = schema
        self.name = config.endpoint.name

    def api_application(self, tenant: Snapshot | None) -> Registration | None:
        """Return the endpoint's app registration, if the tenant has it."""
        if tenant is None:
            return None
        if self.config.endpoint.app_id:
            return tenant.application(self.config.endpoint.app_id)
        return next((one for one in tenant.applications if one.unique_name == self.name), None)

    def listener_of(self, tenant: Snapshot | None) -> Listener | None:
        """Return the listener of the endpoint's extension, or one of the same name."""
        if tenant is None:
            return None
        extension = self.extension(tenant)
        for one in tenant.listeners:
            if extension is not None and one.extension_id == extension.id:
                return one
        for one in tenant.listeners:
            other = tenant.extension(one.extension_id)
            is_other = other is not None and self.is_for_another(other, tenant)
            if one.display_name == self.name and not is_other:
                return one
        return None

    def app_id(self, tenant: Snapshot | None) -> str:
        """Return the app id of the endpoint's application, or a placeholder if it is not known."""
        app = self.api_application(tenant)
        return app.app_id if app else self.config.endpoint.app_id or "{api.appId}"

    def api_path(self) -> str:
        """Return the path of its app registration."""
        if app_id := self.config.endpoint.app_id:
            return f"/applications(appId='{app_id}')"
        return f"/applications(uniqueName='{self.name}')"

    def uri(self, tenant: Snapshot | None, host: str | None = None) -> str:
        """Return the identifier URI, by default with the target URL's host."""
        return f"api://{host or self.config.host}/{self.app_id(tenant)}"

    def extension(self, tenant: Snapshot | None) -> Extension | None:
        """Return the endpoint's extension: the one with its URI, or with its name.

        An extension with this name for another application belongs to another endpoint.
        """
        if tenant is None:
            return None
        uri = self.uri(tenant).lower()
        same = [one for one in tenant.extensions if one.resource_id.lower() == uri]
        named = [
            one
            for one in tenant.extensions
            if one.display_name == self.name and not self.is_for_another(one, tenant)
        ]
        both = [one for one in same if one in named]
        return next(iter([*both, *same, *named]), None)

    def is_for_another(self, one: Extension, tenant: Snapshot) -> bool:
        """Return whether an extension is for an existing application of another endpoint."""
        other = tenant.application(one.app_id)
        return other is not None and other.app_id != self.app_id(tenant)

    def moved_to(self, url: str) -> "Lookup":
        """Return the same chain with the endpoint at another URL."""
        endpoint = self.config.endpoint.model_copy(update={"target_url": url})
        return Lookup(self.config.model_copy(update={"endpoint": endpoint}), self.schema)

    def policy_name(self, one: Application) -> str:
        """Return the name of an application's policy."""
        return f"{self.name} {one.app_id}"

    def policy(self, tenant: Snapshot | None, one: Application) -> Policy | None:
        """Return the policy that an application has from this chain."""
        name = self.policy_name(one)
        known = tenant.policies if tenant is not None else ()
        return next((policy for policy in known if policy.display_name == name), None)

    def definition(self, tenant: Snapshot | None, one: Application) -> str:
        """Return the policy's definition for an application, as the string that Graph expects.

        Entries of the chain's policy that have another source are kept.
        """
        found = self.policy(tenant, one)
        claims = mapped_by(self.schema, one.app_id)
        held = found.definition if found else ()
        return own_definition(held, claims, saml=one.token is TokenKind.SAML)

    def conflict(self, tenant: Snapshot, one: Application) -> OperatorError | None:
        """Return the error if another policy or the portal adds claims to the app's tokens."""
        principal = tenant.principal(one.app_id)
        own = self.policy(tenant, one)
        if principal is None:
            return None
        others = [id_ for id_ in principal.claims_mapping_policies if own is None or id_ != own.id]
        if others:
            other = tenant.policy(others[0])
            held = other.definition if other else ()
            message = (
                f"application {one.app_id} already has claims mapping policy {others[0]}, and can"
                " have only one; no policy was assigned. Either put this merged definition into it"
                " and remove the application from entra.toml, or unassign that policy:"
            )
            saml = one.token is TokenKind.SAML
            claims = mapped_by(self.schema, one.app_id)
            return OperatorError(message, lines=[merged_definition(held, claims, saml=saml)])
        if principal.has_portal_claims:
            message = (
                f"application {one.app_id} has claims from the portal's Attributes & Claims, which"
                " a mapping policy overrides; no policy was assigned. Either add these claims in"
                " the portal, from the custom claims provider, or remove the portal's claims and"
                " use this definition:"
            )
            return OperatorError(message, lines=[self.definition(None, one)])
        if principal.has_portal_claims is None:
            message = (
                f"could not read whether application {one.app_id} has claims from the portal"
                f" ({tenant.not_read.get('claimsPolicy', 'beta claimsPolicy')}); a mapping policy"
                " would override them, so no policy was assigned"
            )
            return OperatorError(message)
        return None
