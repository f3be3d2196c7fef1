"""Long-running operations. What Terraform provisions is done at once; only executions take their time."""

import uuid

from sandbox.resources.service import Service
from sandbox.resources.store import Json


def typed(message: str, resource: Json) -> Json:
    """A resource as an operation carries it: with the name of its type."""
    return {"@type": f"type.googleapis.com/{message}", **resource}


def done(service: Service, parent: str, message: str, resource: Json) -> Json:
    """A finished operation below `parent` ("" or a location), kept so that it can be asked for again."""
    name = f"{parent}/operations/{uuid.uuid4()}".lstrip("/")
    answer = typed(message, resource)
    operation = {"name": name, "metadata": answer, "done": True, "response": answer}
    service.store.put(service.key(name), operation)
    return operation
