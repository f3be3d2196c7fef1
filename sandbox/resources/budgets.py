"""Billing budgets. Nothing is spent on this machine, so none of them ever speaks.

https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets
"""

import re

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import InvalidArgument, PermissionDenied
from sandbox.resources.kind import By, Kind
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

ACCOUNT = re.compile(r"billingAccounts/[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}/budgets/.+")


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
    if len(channels) > 5:
        raise InvalidArgument(f"At most 5 monitoringNotificationChannels, not {len(channels)}.")
    for channel in channels:
        if not service.store.get(f"/monitoring/v3/{channel}"):
            raise InvalidArgument(f"Notification channel {channel!r} was not found.")


def complete(service: Service, budget: Json) -> Json:
    """Google answers with project numbers, whatever was sent."""
    scope = budget.get("budgetFilter", {})
    if "projects" not in scope:
        return budget
    own = f"projects/{service.state.project}"
    projects = [f"projects/{PROJECT_NUMBER}" if one == own else one for one in scope["projects"]]
    return budget | {"budgetFilter": scope | {"projects": projects}}


BUDGETS = Kind(
    "billingAccounts/{account}/budgets",
    Schema(message="google.cloud.billing.budgets_v1.types:Budget", output="etag"),
    By("server", "uuid"),
    check=check,
    complete=complete,
    etag=True,
)


def routes(service: Service) -> list[BaseRoute]:
    return collection.routes(service, BUDGETS)
