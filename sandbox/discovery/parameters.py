"""The parameters of a query against those that a method declares."""

from sandbox.discovery.documents import Document, Json, Method
from sandbox.discovery.fields import camel_case, checked_scalar, snake_case
from sandbox.resources.errors import InvalidArgument

# Every method takes them, with or without the dollar sign, besides those that the document lists:
# https://cloud.google.com/apis/docs/system-parameters
SYSTEM = {"alt", "fields", "prettyPrint", "key", "quotaUser"}


def checked_query(document: Document, method: Method, query: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters in camel case; of one that is repeated the last.

    Raises InvalidArgument for an unknown one, a value of the wrong type, and a missing required one.
    """
    accepted = declared_parameters(document, method)
    checked = {}
    for sent, value in query:
        name = sent if sent in accepted else camel_case(sent)
        if sent.removeprefix("$") in SYSTEM or sent in document.content["parameters"]:
            continue
        if name not in accepted:
            raise InvalidArgument(
                f'Invalid JSON payload received. Unknown name "{sent}": Cannot bind query parameter. '
                f"Field '{sent}' could not be found in request message."
            )
        check_parameter(accepted[name], value, snake_case(name))
        checked[name] = value
    for name, declared in accepted.items():
        if declared.get("required") and name not in checked:
            raise InvalidArgument(f"Required parameter '{snake_case(name)}' is missing.")
    return checked


def declared_parameters(document: Document, method: Method) -> dict[str, Json]:
    """Those of the document, and the scalar fields of a request message.

    Google binds a parameter to a field of the message also where a body is sent: Terraform's provider
    gives the update mask of a topic in the query, although UpdateTopicRequest has a field for it.
    """
    declared = {name: it for name, it in method.parameters.items() if it["location"] == "query"}
    if method.request.endswith("Request"):
        fields = document.schemas[method.request].get("properties", {})
        # A field without a type is a reference to a message, which a query cannot contain.
        declared |= {
            name: it for name, it in fields.items() if it.get("type") not in (None, "object", "array")
        }
    return declared


def check_parameter(declared: Json, value: str, path: str) -> None:
    """Text stands for every type here."""
    if declared["type"] == "boolean" and value.lower() in ("true", "false"):
        return
    checked_scalar(declared, value, path)
