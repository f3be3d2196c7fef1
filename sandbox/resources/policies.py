"""IAM policies of resources: read, written with an etag, and checked for members that do not exist."""

import base64
import re
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.iam import conditions
from sandbox.resources.errors import Aborted, InvalidArgument
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

POOL = r"projects/[^/]+/locations/global/workloadIdentityPools/[^/]+"
ROLE = re.compile(r"roles/[\w.]+|(projects|organizations)/[^/]+/roles/[\w.]+")
TYPES = "user|group|serviceAccount|domain|deleted|principal|principalSet|project(Owner|Editor|Viewer)"
MEMBER = re.compile(rf"allUsers|allAuthenticatedUsers|({TYPES}):.+")
CONDITIONAL = 3  # the version of a policy that may have conditions
# Google's response for a resource whose policy was never set.
EMPTY: Json = {"etag": "ACAB"}


def routes(service: Service, path: str) -> list[BaseRoute]:
    """Some APIs read a policy with GET, others with POST; the discovery document has one of the two."""
    policies, version = Policies(service, path), "options.requestedPolicyVersion"
    return [
        service.route("GET", f"{path}:getIamPolicy", policies.read, version),
        service.route("POST", f"{path}:getIamPolicy", policies.read, version),
        service.route("POST", f"{path}:setIamPolicy", policies.write),
    ]


@dataclass(frozen=True)
class Policies:
    service: Service
    path: str

    def read(self, call: Call) -> Json:
        return self.policy(self.path.format(**call.path))

    def write(self, call: Call) -> Json:
        """Replaces what the mask names, by default "bindings,etag"; a stale etag is a conflict."""
        if "policy" not in call.body:
            raise InvalidArgument("A policy is required.")
        name, sent = self.path.format(**call.path), call.body["policy"]
        mask = call.body.get("updateMask", "bindings,etag").split(",")
        check_bindings(sent)
        with self.service.store.change():
            old = self.policy(name)
            # A policy without an etag replaces the old one without this check.
            if sent.get("etag", old["etag"]) != old["etag"]:
                raise Aborted(
                    "There were concurrent policy changes. Please retry the whole read-modify-write."
                )
            rest = {field: value for field, value in old.items() if field not in mask}
            new = rest | masked(sent, mask) | {"etag": next_etag(old["etag"])}
            # A member that was deleted after its grant may stay, or no policy with it could be changed.
            self.check_members(members(new) - members(old))
            self.service.store.put(self.service.key(f"{name}:policy"), new)
        return new

    def policy(self, name: str) -> Json:
        self.service.find(name)
        return self.service.store.get(self.service.key(f"{name}:policy")) or EMPTY

    def check_members(self, members: set[str]) -> None:
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
        """Members name a pool by the number of its project only; a deleted one does not count."""
        by_id = name.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{self.service.state.project}/", 1)
        pool = self.service.store.get(f"/iam/v1/{by_id}")
        return pool is not None and pool["state"] == "ACTIVE" and by_id != name


def check_bindings(policy: Json) -> None:
    """Raises InvalidArgument for a role, a member or a condition that Google refuses in any policy."""
    for binding in policy.get("bindings", []):
        if not ROLE.fullmatch(binding.get("role", "")):
            raise InvalidArgument(f"Role {binding.get('role')!r} is not supported for this resource.")
        for member in binding.get("members", []):
            if not MEMBER.fullmatch(member):
                raise InvalidArgument(f"Invalid member {member!r}: it needs a type, as user:a@example.com.")
        if "condition" in binding and policy.get("version", 1) != CONDITIONAL:
            raise InvalidArgument(f"A policy with conditions has version {CONDITIONAL}: {binding['role']}.")
        check_condition(binding.get("condition"))


def check_condition(condition: Json | None) -> None:
    """An expression that the sandbox cannot evaluate is refused, not ignored."""
    try:
        if condition:
            conditions.check(condition["expression"])
    except conditions.Unsupported as error:
        raise InvalidArgument(str(error)) from error


def masked(policy: Json, mask: list[str]) -> Json:
    """The fields in the mask, and the version, which allows conditions in bindings."""
    sent = {field: value for field, value in policy.items() if field in [*mask, "version"]}
    bindings = [binding for binding in sent.get("bindings", []) if binding.get("members")]
    return sent | ({"bindings": bindings} if "bindings" in sent else {})


def members(policy: Json) -> set[str]:
    return {member for binding in policy.get("bindings", []) for member in binding["members"]}


def next_etag(etag: str) -> str:
    """A counter in base64, as the type of the field is bytes."""
    count = int.from_bytes(base64.b64decode(etag)) + 1
    return base64.b64encode(count.to_bytes(9)).decode()
