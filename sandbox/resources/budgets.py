"""Billing budgets. Nothing costs money here, so a budget never sends a notification.

https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets
"""

import re

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import InvalidArgument, PermissionDenied
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

ACCOUNT = re.compile(r"billingAccounts/[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}/budgets/.+")
MAX_CHANNELS = 5


def check(service: Service, budget: Json) -> None:
    if not ACCOUNT.fullmatch(budget["name"]):
        raise PermissionDenied("The caller does not have permission.")
    amount = budget.get("amount", {})
    if not ("specifiedAmount" in amount) ^ ("lastPeriodAmount" in amount):
        raise InvalidArgument("A budget needs amount.specifiedAmount or amount.lastPeriodAmount.")
    for rule in budget.get("thresholdRules", []):
        if rule.get("thresholdPercent", -1) < 0:
            raise InvalidArgument("Every threshold rule needs a thresholdPercent of at least 0.")
    check_notifications(service, budget.get("notificationsRule", {}))


def check_notifications(service: Service, rule: Json) -> None:
    if "pubsubTopic" in rule and rule.get("schemaVersion") != "1.0":
        raise InvalidArgument("notificationsRule.schemaVersion must be 1.0.")
    channels = rule.get("monitoringNotificationChannels", [])
    if len(channels) > MAX_CHANNELS:
        raise InvalidArgument(f"At most {MAX_CHANNELS} monitoringNotificationChannels, not {len(channels)}.")
    for channel in channels:
        # Of another API, so by its full key: all of them share one store.
        if not service.store.get(f"/monitoring/v3/{channel}"):
            raise InvalidArgument(f"Notification channel {channel!r} was not found.")


def complete(service: Service, budget: Json) -> Json:
    """Google's responses have project numbers, also where the request had ids."""
    scope = budget.get("budgetFilter", {})
    if "projects" not in scope:
        return budget
    by_id = f"projects/{service.state.project}"
    projects = [f"projects/{PROJECT_NUMBER}" if name == by_id else name for name in scope["projects"]]
    return budget | {"budgetFilter": scope | {"projects": projects}}


BUDGETS = ResourceType(
    "billingAccounts/{account}/budgets",
    Schema("billingbudgets.v1", "GoogleCloudBillingBudgetsV1Budget"),
    IdLocation("server", "uuid"),
    check=check,
    complete=complete,
    etag=True,
)


def routes(service: Service) -> list[BaseRoute]:
    return collection.routes(service, BUDGETS)
