"""Fakes that respond like HubSpot's and Salesforce's batch upserts, and like an API of one row per request.

Shapes from the vendors' pages:
https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/upsert-contacts
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
"""

import json
from typing import Any
from urllib.parse import parse_qs, unquote

from tests import serving

CLIENT = {"client_id": "sync", "client_secret": "the-client-secret"}


class FakeVendors(serving.Served):
    """`contacts` by e-mail address, `received` the requests; addresses without @ are invalid.

    Tokens are token-1, token-2, …; `valid` is the one that is accepted now.
    """

    def __init__(self) -> None:
        self.contacts: dict[str, Any] = {}
        self.received: list[Any] = []
        self.issued = 0
        self.is_expiring = False  # the next request finds its token expired
        super().__init__(Handler)

    @property
    def valid(self) -> str:
        return f"token-{self.issued}"

    def hubspot(self, body: Any) -> tuple[int, Any]:
        """201 or 200 for all rows, 207 with `errors` otherwise; the errors do not name the row."""
        results, errors = list[Any](), list[Any]()
        for item in body["inputs"]:
            if item["idProperty"] != "email" or "@" not in item["id"]:
                errors.append(
                    {
                        "status": "error",
                        "category": "VALIDATION_ERROR",
                        "message": "no address",
                        "context": {},
                    }
                )
                continue
            is_new = item["id"] not in self.contacts
            self.contacts[item["id"]] = item["properties"]
            results.append({"id": str(len(results) + 100), "properties": item["properties"], "new": is_new})
        result = {"status": "COMPLETE", "results": results}
        return (207, result | {"numErrors": len(errors), "errors": errors}) if errors else (200, result)

    def salesforce(self, body: Any) -> list[Any]:
        """A list of UpsertResult in the order of the records."""
        assert body["allOrNone"] is False
        results = []
        for number, record in enumerate(body["records"]):
            assert record["attributes"] == {"type": "Contact"}
            if "@" not in record["Email__c"]:
                error = {
                    "statusCode": "INVALID_EMAIL_ADDRESS",
                    "message": "no address",
                    "fields": ["Email__c"],
                }
                results.append({"success": False, "errors": [error]})
                continue
            created = record["Email__c"] not in self.contacts
            self.contacts[record["Email__c"]] = record["FirstName"]
            results.append({"id": f"003{number}", "success": True, "errors": [], "created": created})
        return results


class Handler(serving.Handler):
    def read(self) -> Any:
        body = json.loads(self.body())
        self.owner.received.append((self.command, self.path, body))
        return body

    def do_POST(self) -> None:
        if self.path == "/oauth/token":
            form = parse_qs(self.body().decode())
            assert form["grant_type"] == ["client_credentials"]
            self.owner.issued += 1
            return self.say(200, {"access_token": self.owner.valid, "expires_in": 3600})
        return self.say(*self.owner.hubspot(self.read()))

    def do_PATCH(self) -> None:
        body = self.read()
        if self.owner.is_expiring:
            self.owner.issued, self.owner.is_expiring = self.owner.issued + 1, False
        if self.headers["Authorization"] != f"Bearer {self.owner.valid}":
            return self.say(401, [{"errorCode": "INVALID_SESSION_ID", "message": "expired"}])
        return self.say(200, self.owner.salesforce(body))

    def do_PUT(self) -> None:
        body, address = self.read(), unquote(self.path.rsplit("/", 1)[1])
        if "@" not in address:
            return self.say(422, {"message": "no address"})
        self.owner.contacts[address] = body
        return self.say(200, {})

    def say(self, status: int, body: Any) -> None:
        self.reply(status, {"Content-Type": "application/json"}, json.dumps(body).encode())
