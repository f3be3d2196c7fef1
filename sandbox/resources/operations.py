"""Long-running operations. What Terraform provisions is done at once; only executions take time."""

import uuid

from sandbox.resources.service import Service
from sandbox.resources.store import Json


def typed(message: str, resource: Json) -> Json:
    """A resource as an operation contains it: with the name of its type."""
    return {"@type": f"type.googleapis.com/{message}", **resource}


def done(service: Service, parent: str, message: str, resource: Json) -> Json:
    """A finished operation below `parent` ("" or a location), stored so that a client can read it again."""
    name = f"{parent}/operations/{uuid.uuid4()}".lstrip("/")
    response = typed(message, resource)
    operation = {"name": name, "metadata": response, "done": True, "response": response}
    service.store.put(service.key(name), operation)
    return operation
