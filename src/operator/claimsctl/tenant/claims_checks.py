"""Checks of the claims: which are returned, listed and mapped, and which reach a token."""

from collections.abc import Iterator
from dataclasses import dataclass

from claimsctl.entra.token_mapping import (
    MappedClaim,
    MappingOutcome,
    is_restricted_jwt_name,
    is_restricted_saml_name,
    preview,
)
from claimsctl.errors import OperatorError
from claimsctl.judge.finding import Finding, Level
from claimsctl.tenant.application_checks import has_claims
from claimsctl.tenant.config import TokenKind
from claimsctl.tenant.diagnosis import Case, result, skipped
from claimsctl.tenant.policies import mapped_in


def _policies(case: Case) -> Iterator[tuple[str, str, tuple[MappedClaim, ...], str]]:
    """Yield the app id, policy id, claims of the provider, and the problem of the definition."""
    for app_id in case.app_ids:
        principal = case.tenant.principal(app_id)
        for id_ in principal.claims_mapping_policies if principal else ():
            policy = case.tenant.policy(id_)
            if policy is None:
                continue
            try:
                yield app_id, id_, mapped_in(policy.definition, f"policy {id_}"), ""
            except OperatorError as error:
                yield app_id, id_, (), str(error)


def definitions(case: Case) -> Finding:
    """TEN019: each policy's definition is one string of valid JSON."""
    found = list(_policies(case))
    if not found:
        return skipped("TEN019", "no mapping policy is assigned")
    problems = [problem for *_, problem in found if problem]
    problems += [
        f"policy {id_} of application {app_id} names no claim of a custom claims provider"
        for app_id, id_, claims, problem in found
        if not claims and not problem
    ]
    return result(
        "TEN019",
        problems,
        ", ".join(id_ for _, id_, *_ in found),
        hint="use the definition that claimsctl entra plan shows, the string that Graph expects",
        expected='definition: ["{\\"ClaimsMappingPolicy\\":{…}}"]',
    )


def claim_ids(case: Case) -> Finding:
    """TEN020: the policies name the claims that the endpoint returns, with the same case."""
    if case.answer is None:
        return skipped("TEN020", "needs an answer of the endpoint: add --answer FILE or --call")
    problems = []
    for app_id, claims in _claims_by_app(case).items():
        for one in preview(case.answer.claims, claims, saml=_is_saml(case, app_id)):
            if one.outcome is MappingOutcome.CASE_DIFFERS:
                problems.append(f"{one.id} is returned, but {one.hint} is mapped for {app_id}")
            elif one.outcome is MappingOutcome.NOT_ANSWERED:
                problems.append(f"{one.id} is mapped for {app_id}, but was not returned")
    return result(
        "TEN020",
        problems,
        "each mapped claim is returned",
        hint="write the ID exactly as the endpoint returns it",
        level=Level.FAIL if any("is returned" in one for one in problems) else Level.WARN,
    )


def listed_claims(case: Case) -> Finding:
    """TEN026: the extension lists the claims that the endpoint returns and policies name."""
    if case.extension is None:
        return skipped("TEN026", "there is no extension")
    listed = case.extension.claim_ids
    if not listed:
        return result("TEN026", [], "none is listed, and only the portal reads the list", hint="")
    mapped = {one.id for claims in _claims_by_app(case).values() for one in claims}
    answered = set(case.answer.claims) if case.answer and case.answer.accepted else None
    problems = []
    for where, names in (("returned", answered), ("mapped", mapped)):
        spelled = {name.lower(): name for name in names or ()}
        for name in listed:
            other = spelled.get(name.lower(), name)
            if names is not None and name not in names and other != name:
                problems.append(f"{name} is listed, but {other} is {where}")
    problems += [
        f"{name} is listed, but was not returned"
        for name in listed
        if answered is not None and name.lower() not in {one.lower() for one in answered}
    ]
    return result(
        "TEN026",
        problems,
        ", ".join(listed),
        hint="write each claim of claimsForTokenConfiguration exactly as the endpoint returns it:"
        " the portal offers these names for mapping",
        level=Level.WARN,
    )


def restricted_names(case: Case) -> Finding:
    """TEN021: no policy emits a claim under a name that Entra reserves."""
    by_app = _claims_by_app(case)
    if not by_app:
        return skipped("TEN021", "no mapping policy is assigned")
    problems = []
    for app_id, claims in by_app.items():
        for one in claims:
            if one.jwt_name and is_restricted_jwt_name(one.jwt_name):
                problems.append(f"JwtClaimType {one.jwt_name} of application {app_id}")
            if one.saml_name and is_restricted_saml_name(one.saml_name):
                problems.append(f"SamlClaimType {one.saml_name} of application {app_id}")
    hint = "give the claim another name in the token; the ID can stay the same"
    return result("TEN021", problems, "none", hint=hint, expected="a name that is not restricted")


@dataclass(frozen=True, slots=True)
class ClaimPath:
    """Whether a claim reaches an application's token, and if not, the reason."""

    app_id: str
    token: TokenKind
    claim: str
    token_name: str
    reason: str
    """Empty for a claim that reaches the token."""

    def sentence(self) -> str:
        """Return the verdict on the claim."""
        token = f"the {self.token.value} token of application {self.app_id}"
        if not self.reason:
            return f"claim {self.claim} appears as {self.token_name} in {token}"
        return f"claim {self.claim} does not appear in {token}: {self.reason}"


def claim_paths(case: Case) -> Iterator[ClaimPath]:
    """Yield every claim that is returned or mapped, for every application."""
    by_app = _claims_by_app(case)
    for app_id in case.app_ids:
        claims = by_app.get(app_id, ())
        token = case.token_of(app_id)
        answered = case.answer.claims if case.answer else {one.id: "" for one in claims}
        blocked = _blocked(case, app_id)
        for one in preview(answered, claims, saml=_is_saml(case, app_id)):
            reason = blocked or _REASONS[one.outcome].format(hint=one.hint)
            yield ClaimPath(app_id, token, one.id, one.token_name or "", reason)


_REASONS = {
    MappingOutcome.EMITTED: "",
    MappingOutcome.NOT_MAPPED: "no policy of this application names it",
    MappingOutcome.CASE_DIFFERS: "the policy names {hint}, which differs in case",
    MappingOutcome.RESTRICTED: "its name in the token is restricted",
    MappingOutcome.NO_NAME: "the policy gives it no name for this kind of token",
    MappingOutcome.NOT_ANSWERED: "the endpoint does not return it",
}


def _blocked(case: Case, app_id: str) -> str:
    if not case.is_called(app_id):
        return "no listener names the application"
    principal = case.tenant.principal(app_id)
    if principal is None:
        return "the application has no service principal"
    if not has_claims(principal):
        return "no policy is assigned to this application"
    return ""


def _is_saml(case: Case, app_id: str) -> bool:
    return case.token_of(app_id) is TokenKind.SAML


def _claims_by_app(case: Case) -> dict[str, tuple[MappedClaim, ...]]:
    found = {app_id: claims for app_id, _, claims, _ in _policies(case)}
    for app_id in case.app_ids:
        principal = case.tenant.principal(app_id)
        if app_id not in found and principal is not None and principal.portal_claims:
            found[app_id] = tuple(MappedClaim(id_, id_, id_) for id_ in principal.portal_claims)
    return found


def verdict(case: Case) -> Finding:
    """TEN024: which claim reaches which token."""
    paths = list(claim_paths(case))
    if not paths:
        return skipped("TEN024", "no claim is mapped, and there is no answer")
    dropped = [one.sentence() for one in paths if one.reason]
    is_called = all(case.is_called(one.app_id) for one in paths if one.reason)
    dropped += [f"and {len(dropped) - 1} more"] if len(dropped) > 1 else []
    return result(
        "TEN024",
        dropped[:1] + dropped[-1:] if len(dropped) > 1 else dropped,
        f"{len(paths)} claims reach {len({one.app_id for one in paths})} applications",
        hint="add the claim to claims.toml, and run claimsctl entra plan to see the change to the"
        " policy"
        if is_called
        else "run claimsctl entra apply, which adds the application to the listener after the test"
        " application's callout",
        level=Level.WARN,
    )
