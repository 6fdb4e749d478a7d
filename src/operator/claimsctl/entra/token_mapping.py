"""Claims mapping policies, and a preview of the claims and names in a token.

Source: Microsoft's reference of claims customization using a policy. A policy's ``definition`` is
an array with one string of JSON; `read_policy` accepts the forms in which people store it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from claimsctl.errors import OperatorError

SOURCE: Final = "CustomClaimsProvider"
_EXPECTED = (
    "a claims mapping policy: the Graph object with its definition, or the inner "
    '{"ClaimsMappingPolicy": {"ClaimsSchema": […]}}'
)

_JWT_NAMES: Final = """
    _claim_names _claim_sources aai access_token account_type acct acr acrs actor actortoken
    ageGroup aio altsecid amr app_chain app_displayname app_res appctx appctxsender appid
    appidacr assertion at_hash aud auth_data auth_time authorization_code azp azpacr bk_claim
    bk_enclave bk_pub brk_client_id brk_redirect_uri c_hash ca_enf ca_policy_result capolids
    capolids_latebind cc cert_token_use child_client_id child_redirect_uri client_id client_ip
    cloud_graph_host_name cloud_instance_host_name cloud_instance_name CloudAssignedMdmId cnf
    code controls controls_auds credential_keys csr csr_type ctry deviceid dns_names
    domain_dns_name domain_netbios_name e_exp email endpoint enfpolids exp expires_on
    fido_auth_data fido_ver fwd fwd_appidacr grant_type graph group_sids groups hasgroups
    hash_alg haswids home_oid home_puid home_tid iat identityprovider idp idtyp in_corp instance
    inviteTicket ipaddr isbrowserhostedapp iss isViral jwk key_id key_type login_hint
    mam_compliance_url mam_enrollment_url mam_terms_of_use_url mdm_compliance_url
    mdm_enrollment_url mdm_terms_of_use_url msgraph_host msproxy nameid nbf netbios_name
    nickname nonce oid on_prem_id onprem_sam_account_name onprem_sid openid2_id origin_header
    password platf polids pop_jwk preferred_username previous_refresh_token primary_sid
    prov_data puid pwd_exp pwd_url rdp_bt redirect_uri refresh_token refresh_token_issued_on
    refreshtoken request_nonce resource rh role roles rp_id rt_type scope scp secaud sid
    signature signin_state source_anchor src1 src2 sub target_deviceid tbid tbidv2 tenant_ctry
    tenant_display_name tenant_id tenant_region_scope tenant_region_sub_scope thumbnail_photo
    tid tokenAutologonEnabled trustedfordelegation ttr unique_name upn user_agent
    user_setting_sync_url username uti ver verified_primary_email verified_secondary_email vnet
    vsm_binding_key wamcompat_client_info wamcompat_id_token wamcompat_scopes wids win_ver
    x5c_ca xcb2b_rclient xcb2b_rcloud xcb2b_rtenant ztdid
"""
_JWT: Final = frozenset(_JWT_NAMES.split())
_JWT_PREFIXES: Final = ("xms_", "extn.")
_SAML_PATHS: Final = {
    "http://schemas.microsoft.com/": """
    2012/01/devicecontext/claims/ismanaged 2014/02/devicecontext/claims/isknown 2014/03/psso
    2014/09/devicecontext/claims/iscompliant claims/authnmethodsreferences claims/groups.link
    identity/claims/accesstoken identity/claims/acct identity/claims/agegroup
    identity/claims/aio identity/claims/identityprovider identity/claims/objectidentifier
    identity/claims/openid2_id identity/claims/puid identity/claims/scope
    identity/claims/tenantid identity/claims/xms_et
    """,
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/": """
    authenticationinstant authenticationmethod confirmationkey denyonlyprimarygroupsid
    denyonlyprimarysid denyonlywindowsdevicegroup expiration expired groups groupsid
    ispersistent role samlissuername wids windowsdeviceclaim windowsdevicegroup
    windowsfqbnversion windowssubauthority windowsuserclaim windowsaccountname primarysid
    primarygroupsid
    """,
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/": """
    authentication authorizationdecision denyonlysid privatepersonalidentifier spn upn sid
    x500distinguishedname
    """,
    "http://schemas.xmlsoap.org/ws/2009/09/identity/claims/": "actor",
}
_SAML: Final = frozenset(
    f"{base}{path}" for base, paths in _SAML_PATHS.items() for path in paths.split()
)


@dataclass(frozen=True, slots=True)
class MappedClaim:
    """One entry of a policy: the claim's id in the endpoint's answer, and its names in tokens."""

    id: str
    jwt_name: str | None
    saml_name: str | None = None


class MappingOutcome(StrEnum):
    """Whether a claim gets into the token, or why not."""

    EMITTED = "emitted"
    NOT_MAPPED = "not-mapped"
    CASE_DIFFERS = "case-differs"
    RESTRICTED = "restricted"
    NO_NAME = "no-name"
    """The policy's entry has no name for this kind of token."""
    NOT_ANSWERED = "not-answered"
    """The policy maps the claim, but the endpoint's answer does not contain it."""


@dataclass(frozen=True, slots=True)
class PreviewedClaim:
    """One claim's outcome; `token_name` is set if the policy has one, `value` if answered."""

    id: str
    outcome: MappingOutcome
    token_name: str | None = None
    value: Any = None
    hint: str = ""


def read_policy(raw: bytes, name: str) -> tuple[MappedClaim, ...]:
    """Return the entries of the policy in the file `name` whose source is the claims provider.

    Raises `OperatorError` for anything but a claims mapping policy.
    """
    schema = _schema_in(_parse(raw, name), name)
    entries = []
    for number, entry in enumerate(schema, start=1):
        if not isinstance(entry, dict):
            message = f"{name}: entry {number} of ClaimsSchema is not an object"
            raise OperatorError(message)
        fields = {key.lower(): value for key, value in entry.items()}
        if str(fields.get("source", "")).lower() != SOURCE.lower():
            continue
        id_, jwt_name, saml_name = (
            fields.get(field) for field in ("id", "jwtclaimtype", "samlclaimtype")
        )
        if not isinstance(id_, str) or not all(
            isinstance(given, str | None) for given in (jwt_name, saml_name)
        ):
            message = (
                f"{name}: entry {number} of ClaimsSchema: expected ID and a claim type, as strings"
            )
            raise OperatorError(message)
        entries.append(MappedClaim(id_, jwt_name, saml_name))
    return tuple(entries)


def preview(
    claims: Mapping[str, Any], policy: Sequence[MappedClaim], *, saml: bool
) -> tuple[PreviewedClaim, ...]:
    """Return the claims that a token (with `saml`, an assertion) would have under `policy`.

    Ids are compared exactly, as Entra does. Answered claims come first, in their order.
    """
    by_id: dict[str, list[MappedClaim]] = {}
    for entry in policy:
        by_id.setdefault(entry.id, []).append(entry)
    found = [
        previewed
        for id_, value in claims.items()
        for previewed in _answered(id_, value, by_id, saml=saml)
    ]
    # An entry that differs only in case is reported with the answered claim.
    missing = [
        PreviewedClaim(id_, MappingOutcome.NOT_ANSWERED)
        for id_ in by_id
        if id_ not in claims and not _other_case(id_, claims)
    ]
    return (*found, *missing)


def is_restricted_jwt_name(name: str) -> bool:
    """Return whether ``JwtClaimType`` cannot be `name`."""
    return name in _JWT or name == "." or name.startswith(_JWT_PREFIXES)


def is_restricted_saml_name(name: str) -> bool:
    """Return whether ``SamlClaimType`` cannot be `name` unless the app has its own signing key."""
    return name in _SAML


def _parse(raw: bytes, name: str) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = f"{name}: not JSON ({error}); expected {_EXPECTED}"
        raise OperatorError(message) from None


def _schema_in(document: Any, name: str) -> list[Any]:
    match document:
        case {"definition": [str(inner)]} | [str(inner)]:
            return _schema_in(_parse(inner.encode(), name), name)
        case {"value": [only]}:  # an answer of Graph that lists one
            return _schema_in(only, name)
        case {"ClaimsMappingPolicy": {"ClaimsSchema": list(schema)}}:
            return schema
        case {"ClaimsSchema": list(schema)}:
            return schema
        case _:
            message = f"{name}: expected {_EXPECTED}"
            raise OperatorError(message)


def _answered(
    id_: str, value: Any, by_id: Mapping[str, Sequence[MappedClaim]], *, saml: bool
) -> list[PreviewedClaim]:
    if id_ not in by_id:
        other = _other_case(id_, by_id)
        outcome = MappingOutcome.CASE_DIFFERS if other else MappingOutcome.NOT_MAPPED
        return [PreviewedClaim(id_, outcome, None, value, other)]
    is_restricted = is_restricted_saml_name if saml else is_restricted_jwt_name
    previewed = []
    for entry in by_id[id_]:
        name = entry.saml_name if saml else entry.jwt_name
        if name is None:
            outcome = MappingOutcome.NO_NAME
        else:
            outcome = MappingOutcome.RESTRICTED if is_restricted(name) else MappingOutcome.EMITTED
        previewed.append(PreviewedClaim(id_, outcome, name, value))
    return previewed


def _other_case(id_: str, names: Mapping[str, Any]) -> str:
    """Return a name that differs from `id_` only in case; empty if there is none."""
    return next((name for name in names if name.casefold() == id_.casefold()), "")
