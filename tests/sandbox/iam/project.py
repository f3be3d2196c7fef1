"""Requests to a sandbox as one of its identities, and the policies that they are checked with."""

from dataclasses import dataclass
from typing import Any

import requests
from requests import Response

from sandbox.metadata import token_of
from sandbox.state import PROJECT_NUMBER, State

Binding = dict[str, Any]


def binding(role: str, *members: str, expression: str = "") -> Binding:
    condition = {"condition": {"title": "a condition", "expression": expression}} if expression else {}
    return {"role": role, "members": list(members), **condition}


@dataclass(frozen=True)
class Project:
    state: State

    @property
    def name(self) -> str:
        return f"projects/{self.state.project}"

    def account(self, name: str) -> str:
        """The e-mail of a service account, which is created if it does not exist."""
        body = {"accountId": name, "serviceAccount": {}}
        assert self.send("POST", f"iam/v1/{self.name}/serviceAccounts", body).status_code in (200, 409)
        return self.state.identity(name)

    def agent(self, service: str) -> str:
        return f"service-{PROJECT_NUMBER}@gcp-sa-{service}.iam.gserviceaccount.com"

    def group(self, group: str, *members: str) -> str:
        assert self.send("PUT", f"sandbox/iam/groups/{group}", {"members": members}).ok
        return f"group:{group}"

    def send(self, method: str, path: str, body: Any = None, identity: str = "") -> Response:
        """A request of `identity`; without one, of the project's owner."""
        token = token_of(identity) if identity else "owner"
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.state.address}/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=60)

    def upload(self, bucket: str, name: str, identity: str = "") -> Response:
        path = f"upload/storage/v1/b/{bucket}/o?uploadType=media&name={name.replace('/', '%2F')}"
        return self.send("POST", path, {"an": "object"}, identity)

    def grant(self, resource: str, *bindings: Binding) -> Response:
        """Replaces the policy of a resource, named with the path of its API."""
        policy = {"version": 3, "bindings": list(bindings)}
        if resource.startswith("storage/"):
            return self.send("PUT", f"{resource}/iam", policy)
        return self.send("POST", f"{resource}:setIamPolicy", {"policy": policy})

    def grant_on_project(self, *bindings: Binding) -> None:
        response = self.grant(f"cloudresourcemanager/v1/{self.name}", *bindings)
        assert response.ok, response.text

    def create_bucket(self, name: str) -> None:
        response = self.send("POST", f"storage/v1/b?project={self.state.project}", {"name": name})
        assert response.status_code in (200, 409), response.text

    def create_dataset(self, name: str, *access: dict[str, Any]) -> None:
        """With these access entries only, also if it exists."""
        datasets = f"bigquery/v2/{self.name}/datasets"
        body = {
            "datasetReference": {"projectId": self.state.project, "datasetId": name},
            "access": [{"role": "OWNER", "specialGroup": "projectOwners"}, *access],
        }
        if self.send("POST", datasets, body).status_code == 409:
            response = self.send("PATCH", f"{datasets}/{name}", {"access": body["access"]})
            assert response.ok, response.text

    def query(self, sql: str, identity: str = "") -> Response:
        body = {"query": sql, "useLegacySql": False}
        return self.send("POST", f"bigquery/v2/{self.name}/queries", body, identity)


def error(response: Response) -> tuple[int, str]:
    """The status and the message of an error."""
    return response.status_code, str(response.json()["error"]["message"])


def single_value(response: Response) -> str:
    """The value of a query with one row and one column."""
    assert response.ok, response.text
    [row] = response.json()["rows"]
    return str(row["f"][0]["v"])
