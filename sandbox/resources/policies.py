"""IAM policies of resources: read, written with an etag, and checked for members that do not exist."""

import base64
import re
from dataclasses import dataclass

from google.iam.v1 import policy_pb2
from starlette.routing import BaseRoute

from sandbox.resources.errors import Aborted, InvalidArgument
from sandbox.resources.schema import parse
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

POOL = r"projects/[^/]+/locations/global/workloadIdentityPools/[^/]+"
ROLE = re.compile(r"roles/[\w.]+|(projects|organizations)/[^/]+/roles/[\w.]+")
TYPES = "user|group|serviceAccount|domain|deleted|principal|principalSet|project(Owner|Editor|Viewer)"
MEMBER = re.compile(rf"allUsers|allAuthenticatedUsers|({TYPES}):.+")
CONDITIONAL = 3  # the version of a policy that may hold conditions
# What Google answers for a resource whose policy was never set.
EMPTY: Json = {"etag": "ACAB"}


def routes(service: Service, path: str, method: str) -> list[BaseRoute]:
    """The three verbs on the resource at `path`; some services read a policy with GET, others with POST."""
    policies = Policies(service, path)
    version = "options.requestedPolicyVersion"
    return [
        service.route(method, f"{path}:getIamPolicy", policies.read, version),
        service.route("POST", f"{path}:setIamPolicy", policies.write),
        service.route("POST", f"{path}:testIamPermissions", policies.test),
    ]


@dataclass(frozen=True)
class Policies:
    service: Service
    path: str

    def read(self, call: Call) -> Json:
        only(call.body, {"options"})
        return self.policy(self.name(call))

    def write(self, call: Call) -> Json:
        """Replaces what the mask names ("bindings,etag" if none); a stale etag is a conflict."""
        only(call.body, {"policy", "updateMask"})
        if "policy" not in call.body:
            raise InvalidArgument("A policy is required.")
        sent, mask = call.body["policy"], call.body.get("updateMask", "bindings,etag").split(",")
        parse(sent, policy_pb2.Policy)
        check_bindings(sent)
        with self.service.store.change():
            old = self.policy(self.name(call))
            if sent.get("etag", old["etag"]) != old["etag"]:
                raise Aborted(
                    "There were concurrent policy changes. Please retry the whole read-modify-write."
                )
            new = kept(old, mask) | masked(sent, mask) | {"etag": after(old["etag"])}
            self.refuse_strangers(members(new) - members(old))
            self.service.store.put(self.service.key(f"{self.name(call)}:policy"), new)
        return new

    def test(self, call: Call) -> Json:
        """Who asks may do everything: the sandbox keeps policies, it does not enforce them."""
        only(call.body, {"permissions"})
        self.policy(self.name(call))
        return {"permissions": call.body.get("permissions", [])}

    def name(self, call: Call) -> str:
        return self.path.format(**call.path)

    def policy(self, name: str) -> Json:
        self.service.find(name)
        return self.service.store.get(self.service.key(f"{name}:policy")) or EMPTY

    def refuse_strangers(self, members: set[str]) -> None:
        """Google refuses a grant to an identity of the project that does not exist."""
        project = self.service.state.project
        for member in sorted(members):
            pool = re.fullmatch(rf"principal(?:Set)?://iam\.googleapis\.com/({POOL})/.+", member)
            if pool and not self.pool_exists(pool[1]):
                raise InvalidArgument(f"Identity Pool does not exist ({pool[1]}).")
            email = member.removeprefix("serviceAccount:")
            if not re.fullmatch(rf"serviceAccount:[^@]+@{project}\.iam\.gserviceaccount\.com", member):
                continue
            if not self.service.store.get(f"/iam/v1/projects/{project}/serviceAccounts/{email}"):
                raise InvalidArgument(f"Service account {email} does not exist.")

    def pool_exists(self, name: str) -> bool:
        """Members name a pool by the number of its project; a deleted one is none."""
        own = name.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{self.service.state.project}/", 1)
        pool = self.service.store.get(f"/iam/v1/{own}")
        return pool is not None and pool["state"] == "ACTIVE" and own != name


def granted(service: Service, name: str, email: str, roles: set[str]) -> bool:
    """Whether the resource or the project gives one of the roles to a service account."""
    project = f"/cloudresourcemanager/v1/projects/{service.state.project}"
    policies = [service.store.get(f"{key}:policy") or {} for key in (service.key(name), project)]
    return any(
        f"serviceAccount:{email}" in binding["members"] and binding["role"] in roles
        for policy in policies
        for binding in policy.get("bindings", [])
    )


def check_bindings(policy: Json) -> None:
    """What Google refuses of bindings, whoever is in them."""
    for binding in policy.get("bindings", []):
        if not ROLE.fullmatch(binding.get("role", "")):
            raise InvalidArgument(f"Role {binding.get('role')!r} is not supported for this resource.")
        for member in binding.get("members", []):
            if not MEMBER.fullmatch(member):
                raise InvalidArgument(f"Invalid member {member!r}: it needs a type, as user:a@example.com.")
        if "condition" in binding and policy.get("version", 1) != CONDITIONAL:
            raise InvalidArgument(f"A policy with conditions has version {CONDITIONAL}: {binding['role']}.")


def only(body: Json, known: set[str]) -> None:
    for field in body.keys() - known:
        raise InvalidArgument(f'Invalid JSON payload received. Unknown name "{field}": Cannot find field.')


def kept(policy: Json, mask: list[str]) -> Json:
    return {field: value for field, value in policy.items() if field not in mask}


def masked(policy: Json, mask: list[str]) -> Json:
    """What the mask names, and the version, which says whether bindings may carry conditions."""
    sent = {field: value for field, value in policy.items() if field in [*mask, "version"]}
    bindings = [binding for binding in sent.get("bindings", []) if binding.get("members")]
    return sent | ({"bindings": bindings} if "bindings" in sent else {})


def members(policy: Json) -> set[str]:
    return {member for binding in policy.get("bindings", []) for member in binding["members"]}


def after(etag: str) -> str:
    """The next etag: a counter in base64, as the field's type wants it."""
    count = int.from_bytes(base64.b64decode(etag)) + 1
    return base64.b64encode(count.to_bytes(9)).decode()
