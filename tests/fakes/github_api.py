"""GitHub's REST API of one repository over HTTP: what scripts.github uses, and its refusals.

https://docs.github.com/en/rest/issues, /pulls and /git. A token has permissions as a job declares them. Pages are
small, so that every list has several. `failures` are sent instead of answers, once each, by method and part of path.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests import serving

Json = dict[str, Any]
BOT, PERSON = {"login": "github-actions[bot]", "type": "Bot"}, {"login": "mallory", "type": "User"}
MOST_ITEMS = 2  # on a page, whatever is requested
MOST_CHARACTERS = 65_536


@dataclass
class Failure:
    """`done`: the request is carried out, and only its response is another; with status 200 an empty list."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "unavailable"
    done: bool = False


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class FakeGitHub(serving.Served):
    """`tokens` have permissions; `issues` contains pull requests, too, as at GitHub."""

    def __init__(self, repository: str = "acme/retail") -> None:
        self.repository = repository
        self.tokens: dict[str, dict[str, str]] = {}
        self.issues: list[Json] = []
        self.comments: list[Json] = []
        self.objects: dict[str, Json] = {}
        self.refs: dict[str, str] = {}
        self.failures: list[Failure] = []
        self.requests: list[tuple[str, str]] = []
        self.may_create_pulls = True
        super().__init__(Handler)

    def add_token(self, token: str, **permissions: str) -> str:
        self.tokens[token] = permissions
        return token

    def add_issue(self, body: str, author: Json = BOT, **more: Any) -> Json:
        number = len(self.issues) + 1
        url = f"{self.url}/{self.repository}/issues/{number}"
        issue = {
            "number": number,
            "title": "",
            "body": body,
            "state": "open",
            "user": author,
            "html_url": url,
        }
        self.issues.append(issue | more)
        return self.issues[-1]

    def add_comment(self, number: int, body: str, author: Json = BOT) -> Json:
        comment = {"id": 1000 + len(self.comments), "issue": number, "body": body, "user": author}
        self.comments.append(comment | {"html_url": f"{self.url}/comments/{comment['id']}"})
        return self.comments[-1]

    def add_object(self, content: Json) -> str:
        """Equal content has one hash, as in Git."""
        name = f"{abs(hash(json.dumps(content, sort_keys=True))):040x}"[-40:]
        self.objects[name] = content
        return name

    def add_commit(self, files: dict[str, str], sha: str = "") -> str:
        tree = self.add_object({"files": files})
        commit: Json = {"tree": {"sha": tree}, "parents": []}
        if sha:
            self.objects[sha] = commit
        return sha or self.add_object(commit)

    def files(self, branch: str) -> dict[str, str]:
        commit = self.objects[self.refs[f"refs/heads/{branch}"]]
        return dict(self.objects[commit["tree"]["sha"]]["files"])


def list_issues(api: FakeGitHub, query: Json, body: Json) -> list[Json]:
    state, creator = query.get("state", "open"), query.get("creator")
    return [
        each
        for each in api.issues
        if state in (each["state"], "all") and creator in (each["user"]["login"], None)
    ]


def create_issue(api: FakeGitHub, query: Json, body: Json) -> Json:
    return api.add_issue(check_body(body), title=body["title"])


def update_issue(api: FakeGitHub, query: Json, body: Json, number: str) -> Json:
    issue = find(api.issues, "number", number)
    if body.get("state", "open") not in ("open", "closed"):
        raise Refused(422, "invalid state")
    check_body(body)
    issue.update(body)
    return issue


def list_comments(api: FakeGitHub, query: Json, body: Json, number: str) -> list[Json]:
    find(api.issues, "number", number)
    return [each for each in api.comments if each["issue"] == int(number)]


def create_comment(api: FakeGitHub, query: Json, body: Json, number: str) -> Json:
    find(api.issues, "number", number)
    return api.add_comment(int(number), check_body(body))


def update_comment(api: FakeGitHub, query: Json, body: Json, number: str) -> Json:
    comment = find(api.comments, "id", number)
    comment["body"] = check_body(body)
    return comment


def delete_comment(api: FakeGitHub, query: Json, body: Json, number: str) -> None:
    api.comments.remove(find(api.comments, "id", number))


def list_pulls(api: FakeGitHub, query: Json, body: Json) -> list[Json]:
    owner = api.repository.partition("/")[0]
    return [
        each
        for each in list_issues(api, query, body)
        if "pull_request" in each
        and query.get("head") in (f"{owner}:{each['head']}", None)
        and query.get("base") in (each["base"], None)
    ]


def create_pull(api: FakeGitHub, query: Json, body: Json) -> Json:
    if not api.may_create_pulls:
        raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
    if f"refs/heads/{body['head']}" not in api.refs:
        raise Refused(422, "head: invalid")
    if [each for each in list_pulls(api, {}, {}) if each["head"] == body["head"]]:
        raise Refused(422, f"A pull request already exists for {body['head']}.")
    more = {name: body[name] for name in ("title", "head", "base")}
    return api.add_issue(check_body(body), pull_request={}, **more)


def read_commit(api: FakeGitHub, query: Json, body: Json, sha: str) -> Json:
    if "tree" not in api.objects.get(sha, {}):
        raise Refused(404, "Not Found")
    return {"sha": sha, **api.objects[sha]}


def create_blob(api: FakeGitHub, query: Json, body: Json) -> Json:
    return {"sha": api.add_object({"blob": body["content"]})}


def create_tree(api: FakeGitHub, query: Json, body: Json) -> Json:
    files = dict(api.objects[body["base_tree"]]["files"])
    for entry in body["tree"]:
        files[entry["path"]] = api.objects[entry["sha"]]["blob"]
    return {"sha": api.add_object({"files": files})}


def create_commit(api: FakeGitHub, query: Json, body: Json) -> Json:
    parents = [{"sha": sha} for sha in body["parents"]]
    return {"sha": api.add_object({"tree": {"sha": body["tree"]}, "parents": parents})}


def read_ref(api: FakeGitHub, query: Json, body: Json, name: str) -> Json:
    if f"refs/{name}" not in api.refs:
        raise Refused(404, "Not Found")
    return {"object": {"sha": api.refs[f"refs/{name}"]}}


def create_ref(api: FakeGitHub, query: Json, body: Json) -> Json:
    if body["ref"] in api.refs:
        raise Refused(422, "Reference already exists")
    api.refs[body["ref"]] = body["sha"]
    return body


def update_ref(api: FakeGitHub, query: Json, body: Json, name: str) -> Json:
    if f"refs/{name}" not in api.refs:
        raise Refused(422, "Reference does not exist")
    if not body.get("force"):
        raise Refused(422, "Update is not a fast forward")
    api.refs[f"refs/{name}"] = body["sha"]
    return body


def check_body(body: Json) -> str:
    if len(str(body.get("body", ""))) > MOST_CHARACTERS:
        raise Refused(422, f"Body is too long (maximum is {MOST_CHARACTERS} characters)")
    return str(body.get("body", ""))


def find(items: list[Json], name: str, value: str) -> Json:
    for each in items:
        if each[name] == int(value):
            return each
    raise Refused(404, "Not Found")


Answer = Callable[..., Any]
# Method, path, the permissions of which one is needed, the answer.
ROUTES: list[tuple[str, str, str, Answer]] = [
    ("GET", r"issues", "issues:read", list_issues),
    ("POST", r"issues", "issues:write", create_issue),
    ("PATCH", r"issues/(\d+)", "issues:write", update_issue),
    ("GET", r"issues/(\d+)/comments", "issues:read pull_requests:read", list_comments),
    ("POST", r"issues/(\d+)/comments", "issues:write pull_requests:write", create_comment),
    ("PATCH", r"issues/comments/(\d+)", "issues:write pull_requests:write", update_comment),
    ("DELETE", r"issues/comments/(\d+)", "issues:write pull_requests:write", delete_comment),
    ("GET", r"pulls", "pull_requests:read", list_pulls),
    ("POST", r"pulls", "pull_requests:write", create_pull),
    ("PATCH", r"pulls/(\d+)", "pull_requests:write", update_issue),
    ("GET", r"git/commits/(\w+)", "contents:read", read_commit),
    ("POST", r"git/commits", "contents:write", create_commit),
    ("POST", r"git/blobs", "contents:write", create_blob),
    ("POST", r"git/trees", "contents:write", create_tree),
    ("GET", r"git/ref/(.+)", "contents:read", read_ref),
    ("POST", r"git/refs", "contents:write", create_ref),
    ("PATCH", r"git/refs/(.+)", "contents:write", update_ref),
]


class Handler(serving.Handler):
    def answer(self) -> None:
        content = self.body()
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(f"/repos/{self.owner.repository}/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.owner.requests.append((self.command, path))
        failure = self.take_failure(path)
        try:
            if failure is None or failure.done:
                result = self.act(path, query, json.loads(content or b"{}"))
        except Refused as refused:
            self.send(refused.status, {"message": refused.message}, {})
            return
        if failure:
            content_sent = [] if failure.status == 200 else {"message": failure.message}
            self.send(failure.status, content_sent, failure.headers)
        else:
            self.send_result(path, query, result)

    def take_failure(self, path: str) -> Failure | None:
        failures: list[Failure] = self.owner.failures
        for each in failures:
            if each.method == self.command and each.path in path:
                failures.remove(each)
                return each
        return None

    def act(self, path: str, query: Json, body: Json) -> Any:
        for method, pattern, permissions, answer in ROUTES:
            if method == self.command and (match := re.fullmatch(pattern, path)):
                self.check_token(permissions)
                return answer(self.owner, query, body, *match.groups())
        raise Refused(404, "Not Found")

    def check_token(self, permissions: str) -> None:
        token = str(self.headers.get("Authorization", "")).removeprefix("Bearer ")
        if token not in self.owner.tokens:
            raise Refused(401, "Bad credentials")
        granted = self.owner.tokens[token]
        for name, level in (each.split(":") for each in permissions.split()):
            if granted.get(name) in (level, "write"):
                return
        raise Refused(403, "Resource not accessible by integration")

    def send_result(self, path: str, query: Json, result: Any) -> None:
        if result is None:
            self.reply(204, {}, b"")
        elif isinstance(result, list):
            page = int(query.get("page", 1))
            items = result[(page - 1) * MOST_ITEMS : page * MOST_ITEMS]
            following = urlencode(query | {"page": page + 1})
            link = f'<{self.owner.url}/repos/{self.owner.repository}/{path}?{following}>; rel="next"'
            self.send(200, items, {"Link": link} if page * MOST_ITEMS < len(result) else {})
        else:
            self.send(201 if self.command == "POST" else 200, result, {})

    def send(self, status: int, content: Any, headers: dict[str, str]) -> None:
        self.reply(status, {"Content-Type": "application/json", **headers}, json.dumps(content).encode())

    do_GET = do_POST = do_PATCH = do_DELETE = answer
