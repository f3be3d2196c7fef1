"""Workload identity federation: pools, and who is believed to speak for an identity in them.

https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools
"""

import re
from datetime import UTC, datetime, timedelta

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.clock import spelled
from sandbox.resources.errors import FailedPrecondition, InvalidArgument
from sandbox.resources.kind import By, Kind
from sandbox.resources.policies import only
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

ID = "(?!gcp-)[a-z0-9-]{4,32}"
DELETED: Json = {"state": "DELETED"}
KEPT = timedelta(days=30)  # a deleted pool keeps its id that long
POOL = "projects/{project}/locations/{location}/workloadIdentityPools"
MODES = {"FEDERATION_ONLY", "TRUST_DOMAIN"}
SOURCES = {"aws", "oidc", "saml", "x509"}
OIDC = {"issuerUri", "allowedAudiences", "jwksJson"}
MAPPED = re.compile(r"google\.(subject|groups)|attribute\.[a-z0-9_]{1,100}")
# Everyone's tokens come from the same issuer there, so a provider must say which of them it means.
SHARED = {
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://app.terraform.io",
}


def made(service: Service, name: str) -> Json:
    """Google names the project by its number here."""
    return {"name": service.numbered(name), "state": "ACTIVE"}


def check_pool(service: Service, pool: Json) -> None:
    if "/locations/global/" not in pool["name"]:
        raise InvalidArgument(f"Pools are global; {pool['name']!r} is not.")
    if pool.get("mode", "FEDERATION_ONLY") not in MODES:
        raise InvalidArgument(f"Invalid value at 'mode': {pool['mode']!r}.")


def check_provider(service: Service, provider: Json) -> None:
    sources = SOURCES & provider.keys()
    if len(sources) != 1:
        raise InvalidArgument(f"A provider needs exactly one of {', '.join(sorted(SOURCES))}.")
    for target in provider.get("attributeMapping", {}):
        if not MAPPED.fullmatch(target):
            raise InvalidArgument(f"Invalid mapped attribute key: {target!r}.")
    if "oidc" in provider:
        check_oidc(provider)


def check_oidc(provider: Json) -> None:
    only(provider["oidc"], OIDC)
    issuer = provider["oidc"].get("issuerUri", "")
    if not issuer.startswith("https://"):
        raise InvalidArgument(f"oidc.issuerUri must begin with https://, not {issuer!r}.")
    if not provider.get("attributeMapping", {}).get("google.subject"):
        raise InvalidArgument("The attribute mapping must map google.subject.")
    if issuer.rstrip("/") in SHARED and "assertion." not in condition(provider):
        raise InvalidArgument("The attribute condition must reference one of the provider's claims.")


def condition(provider: Json) -> str:
    """Of a provider, with mapped attributes as the claims that they stand for."""
    text = str(provider.get("attributeCondition", ""))
    for target, source in provider["attributeMapping"].items():
        text = text.replace(target, source)
    return text


def dated(service: Service, resource: Json) -> Json:
    """A deleted one says until when it can be brought back."""
    kept = {field: value for field, value in resource.items() if field != "expireTime"}
    gone = {"expireTime": resource.get("expireTime") or spelled(datetime.now(UTC) + KEPT)}
    return kept | gone if kept["state"] == "DELETED" else kept


POOLS = Kind(
    POOL,
    Schema(
        "displayName description disabled? mode inlineCertificateIssuanceConfig{} inlineTrustConfig{}",
        "state expireTime",
        immutable="mode",
    ),
    By("query", "workloadIdentityPoolId"),
    update_needs_mask=True,
    id_pattern=ID,
    made=made,
    check=check_pool,
    complete=dated,
    tombstone=DELETED,
    actions={"undelete": {"state": "ACTIVE"}},
    operation="google.iam.v1.WorkloadIdentityPool",
    iam="POST",
)

PROVIDERS = Kind(
    f"{POOL}/{{pool}}/providers",
    Schema(
        "displayName description disabled? attributeMapping{} attributeCondition aws{} oidc{} saml{} x509{}",
        "state expireTime",
    ),
    By("query", "workloadIdentityPoolProviderId"),
    update_needs_mask=True,
    id_pattern=ID,
    made=made,
    check=check_provider,
    complete=dated,
    tombstone=DELETED,
    actions={"undelete": {"state": "ACTIVE"}},
    operation="google.iam.v1.WorkloadIdentityPoolProvider",
)


def routes(service: Service) -> list[BaseRoute]:
    operation = "projects/{project}/locations/{location}/operations/{id}"
    below = f"{POOL}/{{pool}}/operations/{{id}}"

    def rules(call: Call) -> Json:
        """Attestation is for workloads on Google's own machines; no pool here has any rule."""
        service.find(f"{POOL}/{{id}}".format(**call.path))
        return {}

    def create(call: Call) -> Json:
        """A provider needs its pool."""
        pool = service.find(f"{POOL}/{{pool}}".format(**call.path))
        if pool["state"] != "ACTIVE":
            raise FailedPrecondition(f"Workload identity pool {pool['name']!r} is deleted.")
        return collection.Collection(service, PROVIDERS).create(call)

    return [
        service.route("GET", operation, lambda call: service.find(operation.format(**call.path))),
        service.route("GET", below, lambda call: service.find(below.format(**call.path))),
        service.route("GET", f"{POOL}/{{id}}:listAttestationRules", rules, "filter pageSize pageToken"),
        service.route("POST", PROVIDERS.collection, create, PROVIDERS.create.parameters),
        *collection.routes(service, POOLS),
        *collection.routes(service, PROVIDERS),
    ]
