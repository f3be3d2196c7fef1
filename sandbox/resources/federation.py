"""Workload identity federation: pools, and the providers whose tokens they accept.

https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools
"""

import re
from datetime import UTC, datetime, timedelta

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.clock import format_time, parse_time
from sandbox.resources.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

ID = "(?!gcp-)[a-z0-9-]{4,32}"
DELETED: Json = {"state": "DELETED"}
# A deleted pool keeps its id that long, and a create is refused in the words of
# https://github.com/terraform-google-modules/terraform-google-github-actions-runners/issues/49.
# https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/delete
RETENTION = timedelta(days=30)
EXISTS = "Requested entity already exists"
POOL = "projects/{project}/locations/{location}/workloadIdentityPools"
MODES = {"FEDERATION_ONLY", "TRUST_DOMAIN"}
SOURCES = {"aws", "oidc", "saml", "x509"}
MAPPED = re.compile(r"google\.(subject|groups)|attribute\.[a-z0-9_]{1,100}")
# All their customers' tokens come from the same issuer, so a provider must restrict the claims.
SHARED_ISSUERS = {
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://app.terraform.io",
}


def initial(service: Service, name: str) -> Json:
    """Google names the project by its number here."""
    return {"name": service.numbered(name), "state": "ACTIVE"}


def check_pool(service: Service, pool: Json) -> None:
    if "/locations/global/" not in pool["name"]:
        raise InvalidArgument(f"Pools are global; {pool['name']!r} is not.")
    if pool.get("mode", "FEDERATION_ONLY") not in MODES:
        raise InvalidArgument(f"Invalid value at 'mode': {pool['mode']!r}.")


def check_provider(service: Service, provider: Json) -> None:
    if len(SOURCES & provider.keys()) != 1:
        raise InvalidArgument(f"A provider needs exactly one of {', '.join(sorted(SOURCES))}.")
    for target in provider.get("attributeMapping", {}):
        if not MAPPED.fullmatch(target):
            raise InvalidArgument(f"Invalid mapped attribute key: {target!r}.")
    if "oidc" in provider:
        check_oidc(provider)


def check_oidc(provider: Json) -> None:
    issuer = provider["oidc"].get("issuerUri", "")
    if not issuer.startswith("https://"):
        raise InvalidArgument(f"oidc.issuerUri must begin with https://, not {issuer!r}.")
    if not provider.get("attributeMapping", {}).get("google.subject"):
        raise InvalidArgument("The attribute mapping must map google.subject.")
    if issuer.rstrip("/") in SHARED_ISSUERS and "assertion." not in condition_on_claims(provider):
        raise InvalidArgument("The attribute condition must reference one of the provider's claims.")


def condition_on_claims(provider: Json) -> str:
    """The provider's condition, with mapped attributes replaced by the claims that they stand for."""
    text = str(provider.get("attributeCondition", ""))
    for target, source in provider["attributeMapping"].items():
        text = text.replace(target, source)
    return text


def complete(service: Service, resource: Json) -> Json:
    """A deleted resource has an expireTime: until then it can be undeleted."""
    active = {field: value for field, value in resource.items() if field != "expireTime"}
    if active["state"] != "DELETED":
        return active
    return active | {"expireTime": resource.get("expireTime") or format_time(datetime.now(UTC) + RETENTION)}


POOLS = ResourceType(
    POOL,
    Schema("iam.v1", "WorkloadIdentityPool"),
    IdLocation("query", "workloadIdentityPoolId"),
    update_needs_mask=True,
    id_pattern=ID,
    initial=initial,
    check=check_pool,
    complete=complete,
    soft_delete=DELETED,
    actions={"undelete": {"state": "ACTIVE"}},
    operation="google.iam.v1.WorkloadIdentityPool",
)

PROVIDERS = ResourceType(
    f"{POOL}/{{pool}}/providers",
    Schema("iam.v1", "WorkloadIdentityPoolProvider"),
    IdLocation("query", "workloadIdentityPoolProviderId"),
    update_needs_mask=True,
    id_pattern=ID,
    initial=initial,
    check=check_provider,
    complete=complete,
    soft_delete=DELETED,
    actions={"undelete": {"state": "ACTIVE"}},
    operation="google.iam.v1.WorkloadIdentityPoolProvider",
)


def routes(service: Service) -> list[BaseRoute]:
    operation = "projects/{project}/locations/{location}/operations/{id}"
    pool_operation = f"{POOL}/{{pool}}/operations/{{id}}"

    def list_rules(call: Call) -> Json:
        """Attestation is for workloads on Google's machines; pools here have no rules."""
        service.find(f"{POOL}/{{id}}".format(**call.path))
        return {}

    def create_pool(call: Call) -> Json:
        return create(call, POOLS)

    def create_provider(call: Call) -> Json:
        """A provider needs an active pool."""
        pool = service.find(f"{POOL}/{{pool}}".format(**call.path))
        if pool["state"] != "ACTIVE":
            raise FailedPrecondition(f"Workload identity pool {pool['name']!r} is deleted.")
        return create(call, PROVIDERS)

    def create(call: Call, kind: ResourceType) -> Json:
        """An id is free again when its deleted resource has expired."""
        identity, _ = kind.create.read(call, "")
        name = f"{kind.collection.format(**call.path)}/{identity}"
        with service.store.change():
            old = service.store.get(service.key(name)) or {}
            if old.get("expireTime") and parse_time(old["expireTime"]) <= datetime.now(UTC):
                service.store.delete(service.key(name))
            elif old:
                raise AlreadyExists(EXISTS)
            return collection.Collection(service, kind).create(call)

    return [
        service.route("GET", operation, lambda call: service.find(operation.format(**call.path))),
        service.route("GET", pool_operation, lambda call: service.find(pool_operation.format(**call.path))),
        service.route("GET", f"{POOL}/{{id}}:listAttestationRules", list_rules, "pageSize pageToken"),
        service.route("POST", POOLS.collection, create_pool, POOLS.create.parameter),
        service.route("POST", PROVIDERS.collection, create_provider, PROVIDERS.create.parameter),
        *collection.routes(service, POOLS),
        *collection.routes(service, PROVIDERS),
    ]
