"""Who may use a repository: kept for Terraform, enforced by nobody here."""

import hashlib
from typing import Any

from google.cloud.dataform_v1.types import dataform as api
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import json_format

from sandbox.dataform.errors import Aborted
from sandbox.dataform.service import Service


def get(service: Service, request: iam_policy_pb2.GetIamPolicyRequest) -> policy_pb2.Policy:
    service.find(api.Repository, request.resource)
    return stored_policy(service, request.resource)


def set_policy(service: Service, request: iam_policy_pb2.SetIamPolicyRequest) -> policy_pb2.Policy:
    """An etag that is not the kept policy's is a lost update: Aborted."""
    policy = request.policy
    with service.store.transaction():
        kept = get(service, iam_policy_pb2.GetIamPolicyRequest(resource=request.resource))
        if policy.etag and policy.etag != kept.etag:
            raise Aborted("there were concurrent policy changes; read the policy again and retry")
        policy.etag = b""
        policy.etag = hashlib.sha256(kept.etag + policy.SerializeToString(deterministic=True)).digest()[:8]
        service.store.put(policy_name(request.resource), json_format.MessageToDict(policy))
    return policy


def test(
    service: Service, request: iam_policy_pb2.TestIamPermissionsRequest
) -> iam_policy_pb2.TestIamPermissionsResponse:
    """Everybody may do everything here."""
    return iam_policy_pb2.TestIamPermissionsResponse(permissions=request.permissions)


def stored_policy(service: Service, repository: str) -> policy_pb2.Policy:
    body: Any = service.store.get(policy_name(repository)) or {"etag": "AAAA"}
    return json_format.ParseDict(body, policy_pb2.Policy())


def policy_name(repository: str) -> str:
    return f"{repository}/iam/policy"
