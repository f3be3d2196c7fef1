"""What Google refuses of an alert policy that its schema allows.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

import re
from typing import Any

from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument, NotFound
from sandbox.resources.service import Service, quoted
from sandbox.resources.store import Json

CONDITIONS = {
    "conditionThreshold",
    "conditionAbsent",
    "conditionMatchedLog",
    "conditionMonitoringQueryLanguage",
    "conditionPrometheusQueryLanguage",
    "conditionSql",
}
# In UTF-8: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#documentation
MAX_DOCUMENTATION_BYTES = 10_240
MIN_ABSENT_SECONDS, MAX_DURATION_SECONDS = 120, 84_600  # two minutes, and 23 hours and a half
USER_METRIC = re.compile(r'metric\.type\s*=\s*"?logging\.googleapis\.com/user/([^"\s)]+)')


def complete(service: Service, policy: Json) -> Json:
    """Conditions get names; a condition that is sent with its name keeps it."""
    conditions = [
        {"name": f"{policy['name']}/conditions/{index}"} | condition
        for index, condition in enumerate(policy["conditions"], start=1)
    ]
    return {"enabled": True} | policy | {"conditions": conditions, "mutationRecord": {"mutateTime": now()}}


def check(service: Service, policy: Json) -> None:
    conditions = policy.get("conditions", [])
    if not policy.get("displayName") or not conditions:
        raise InvalidArgument("An alert policy needs a displayName and at least one condition.")
    if policy.get("combiner", "COMBINE_UNSPECIFIED") == "COMBINE_UNSPECIFIED":
        raise InvalidArgument("An alert policy needs a combiner.")
    if len(policy.get("documentation", {}).get("content", "").encode()) > MAX_DOCUMENTATION_BYTES:
        raise InvalidArgument(f"documentation.content must be at most {MAX_DOCUMENTATION_BYTES} bytes.")
    for channel in policy.get("notificationChannels", []):
        if not service.store.get(service.key(channel)):
            raise NotFound(f"Notification channel {channel!r} was not found.")
    for index, condition in enumerate(conditions):
        check_condition(service, condition, f"alert_policy.conditions[{index}]")
    check_log_match(policy)


def check_log_match(policy: Json) -> None:
    """A policy on log entries has one condition and a rate limit; other policies cannot have one."""
    matches = [condition for condition in policy["conditions"] if "conditionMatchedLog" in condition]
    limited = "notificationRateLimit" in policy.get("alertStrategy", {})
    if matches and len(policy["conditions"]) > 1:
        raise InvalidArgument("A log-match condition must be the only condition of its policy.")
    if bool(matches) is not limited:
        raise InvalidArgument(
            "alertStrategy.notificationRateLimit is required for log-match policies, and only for them."
        )


def check_condition(service: Service, condition: Json, path: str) -> None:
    types = sorted(CONDITIONS & condition.keys())
    if len(types) != 1 or not condition.get("displayName"):
        raise InvalidArgument(f"Field {path} needs a displayName and one of {', '.join(sorted(CONDITIONS))}.")
    (condition_type,) = types
    if condition_type == "conditionMatchedLog" and not condition[condition_type].get("filter"):
        raise InvalidArgument(f"Field {path}.condition_matched_log needs a filter.")
    if condition_type in ("conditionThreshold", "conditionAbsent"):
        check_filter(service, condition[condition_type].get("filter", ""), path)
        check_duration(condition_type, condition[condition_type].get("duration", "0s"), path)


def check_filter(service: Service, text: str, path: str) -> None:
    for restriction in ("metric.type", "resource.type"):
        if restriction not in text:
            raise InvalidArgument(
                f'Field {path}.filter had an invalid value of "{text}": '
                f'must specify a restriction on "{restriction}" in the filter.'
            )
    for metric in USER_METRIC.findall(text):
        if not service.store.get(f"/logging/v2/projects/{service.state.project}/metrics/{quoted(metric)}"):
            raise NotFound(
                f'Cannot find metric that matches type = "logging.googleapis.com/user/{metric}". If a metric '
                "was created recently, it could take up to 10 minutes to become available. Please retry soon."
            )


def check_duration(condition_type: str, duration: Any, path: str) -> None:
    seconds = float(str(duration).removesuffix("s"))
    least = MIN_ABSENT_SECONDS if condition_type == "conditionAbsent" else 0
    # The reference: only multiples of a minute are supported, and any other value is an error.
    if seconds % 60 or not least <= seconds <= MAX_DURATION_SECONDS:
        raise InvalidArgument(
            f"Field {path}.duration must be whole minutes, {least} s to {MAX_DURATION_SECONDS} s: {duration}."
        )
