"""The attribute mapping and the attribute condition of a provider, for the claims of a token.

The language is CEL. Keywords and rules are those of
https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.resources.store import Json

SUBJECT = "google.subject"
LONGEST_SUBJECT = 127  # bytes
# In the words of google-github-actions/auth#378 and terraform-google-modules/terraform-example-foundation#1362.
NOT_A_TEXT = "The mapped attribute '{name}' must be of type STRING."
REJECTED = "The given credential is rejected by the attribute condition."


class Rejected(Exception):
    """The provider does not accept the token."""


def map_attributes(provider: Json, claims: Mapping[str, Any]) -> dict[str, str]:
    """By the name of the attribute; Rejected if one cannot be computed, as from a claim that is missing."""
    attributes = {}
    for name, expression in provider.get("attributeMapping", {}).items():
        value = evaluate(expression, {"assertion": claims})
        if not isinstance(value, str):
            raise Rejected(NOT_A_TEXT.format(name=name))
        attributes[name] = str(value)
    if len(attributes.get(SUBJECT, "").encode()) > LONGEST_SUBJECT:
        raise Rejected(f"The size of mapped attribute {SUBJECT} exceeds the {LONGEST_SUBJECT} bytes limit.")
    return attributes


def check_condition(provider: Json, claims: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
    """Rejected unless the condition is true; what cannot be evaluated is not."""
    condition = provider.get("attributeCondition")
    if not condition:
        return
    values: dict[str, Any] = {"assertion": claims, "google": {}, "attribute": {}}
    for name, value in attributes.items():
        kind, _, key = name.partition(".")
        values[kind][key] = value
    if evaluate(condition, values) is not True:
        raise Rejected(REJECTED)


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """A text or a boolean; None for an error, such as a claim that the token does not have."""
    import celpy  # takes a third of a second
    from celpy.adapter import json_to_cel
    from celpy.evaluation import CELEvalError

    try:
        value = compile_expression(expression).evaluate(
            {name: json_to_cel(dict(each)) for name, each in values.items()}
        )
    except CELEvalError:
        return None
    return bool(value) if isinstance(value, celpy.celtypes.BoolType) else value


@cache
def compile_expression(expression: str) -> Any:
    import celpy

    environment = celpy.Environment()
    return environment.program(environment.compile(expression))


def principals(pool: str, attributes: Mapping[str, str]) -> list[str]:
    """The members of policies that a token with these attributes is. `pool` is its full name."""
    name = f"iam.googleapis.com/{pool}"
    subject = attributes[SUBJECT]
    custom = {key: value for key, value in attributes.items() if key.startswith("attribute.")}
    return [
        f"principal://{name}/subject/{subject}",
        f"principalSet://{name}/*",
        *(f"principalSet://{name}/{key}/{value}" for key, value in custom.items()),
    ]
