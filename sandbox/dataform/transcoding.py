"""HTTP to Google's request messages and back, by the rules of google.api.http.

What the sandbox accepts is what the messages of google-cloud-dataform can say: a field that they do not
have is refused, in the body and in the query.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from google.protobuf import json_format
from google.protobuf.message import Message

from sandbox.dataform.errors import InvalidArgument

# Parameters of every Google API: https://cloud.google.com/apis/docs/system-parameters
SYSTEM_PARAMETERS = {"alt", "$alt", "prettyPrint", "$prettyPrint", "key", "quotaUser", "fields", "$fields"}


LOCATION = "projects/*/locations/*"
REPOSITORY = f"{LOCATION}/repositories/*"
RESOURCES = {
    "LOCATION": LOCATION,
    "REPOSITORY": REPOSITORY,
    "RELEASE": f"{REPOSITORY}/releaseConfigs/*",
    "WORKFLOW": f"{REPOSITORY}/workflowConfigs/*",
    "RESULT": f"{REPOSITORY}/compilationResults/*",
    "INVOCATION": f"{REPOSITORY}/workflowInvocations/*",
}


@dataclass(frozen=True)
class Method:
    """`path` is a template as `{name=REPOSITORY}:commit`; `body` the field that the body fills, or `*`: all.

    The request's message is the one that the function which answers declares.
    """

    verb: str
    path: str
    answer: Callable[..., Any]
    body: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        resource, _, tail = self.path.partition("=")[2].partition("}")
        segments = RESOURCES[resource].replace("*", "[^/:]+")
        return re.compile(f"(?P<value>{segments}){re.escape(tail)}")

    @cached_property
    def request(self) -> Any:
        return get_type_hints(self.answer)["request"]

    @property
    def variable(self) -> str:
        return self.path.removeprefix("{").partition("=")[0]

    def read(self, value: str, query: list[tuple[str, str]], body: bytes) -> Any:
        """The request message, as the handler takes it; InvalidArgument where it has no such field."""
        fields = self._from_body(body)
        for name, text in query:
            if name not in SYSTEM_PARAMETERS:
                put(fields, name.split("."), text)
        put(fields, camel(self.variable).split("."), value)
        message = self._blank()
        try:
            json_format.ParseDict(fields, message)
        except json_format.ParseError as error:
            raise InvalidArgument(f"Invalid JSON payload received. {error}") from error
        return self.request.wrap(message) if hasattr(self.request, "wrap") else message

    def _blank(self) -> Message:
        made = self.request.pb(self.request()) if hasattr(self.request, "pb") else self.request()
        assert isinstance(made, Message)
        return made

    def _from_body(self, body: bytes) -> dict[str, Any]:
        if not self.body:
            if body.strip():
                raise InvalidArgument("this method takes no body")
            return {}
        try:
            parsed = json.loads(body or b"{}")
        except ValueError as error:
            raise InvalidArgument(f"the body is no JSON: {error}") from error
        if not isinstance(parsed, dict):
            raise InvalidArgument("the body is no JSON object")
        return parsed if self.body == "*" else {camel(self.body): parsed}


def put(fields: dict[str, Any], path: list[str], text: str) -> None:
    *outer, last = path
    for name in outer:
        fields = fields.setdefault(name, {})
    fields[last] = {"true": True, "false": False}.get(text, text)


def camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def written(message: Any, parameters: Mapping[str, str]) -> bytes:
    """The answer's JSON; enumerations as numbers when the client asks, as Google's Python clients do."""
    raw = type(message).pb(message) if hasattr(type(message), "pb") else message
    numbers = "enum-encoding=int" in parameters.get("$alt", "")
    return json.dumps(json_format.MessageToDict(raw, use_integers_for_enums=numbers)).encode()
