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
LONGEST = 10_240  # bytes of a documentation
ABSENT_AT_LEAST, DURATION_AT_MOST = 120, 84_600  # seconds: two minutes, and 23 hours and a half
USER_METRIC = re.compile(r'metric\.type\s*=\s*"?logging\.googleapis\.com/user/([^"\s)]+)')


def complete(service: Service, policy: Json) -> Json:
    """Conditions get their names, which stay as long as the condition is sent with it."""
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
    if len(policy.get("documentation", {}).get("content", "").encode()) > LONGEST:
        raise InvalidArgument(f"documentation.content must be at most {LONGEST} bytes.")
    for channel in policy.get("notificationChannels", []):
        if not service.store.get(service.key(channel)):
            raise NotFound(f"Notification channel {channel!r} was not found.")
    for index, condition in enumerate(conditions):
        check_condition(service, condition, f"alert_policy.conditions[{index}]")
    check_log_match(policy)


def check_log_match(policy: Json) -> None:
    """A policy on log entries has one condition and a rate limit; others may not have one."""
    matches = [one for one in policy["conditions"] if "conditionMatchedLog" in one]
    limited = "notificationRateLimit" in policy.get("alertStrategy", {})
    if matches and len(policy["conditions"]) > 1:
        raise InvalidArgument("A log-match condition must be the only condition of its policy.")
    if bool(matches) is not limited:
        raise InvalidArgument(
            "alertStrategy.notificationRateLimit is for log-match policies, and they need it."
        )


def check_condition(service: Service, condition: Json, where: str) -> None:
    (kind,) = CONDITIONS & condition.keys() or {""}
    if not kind or not condition.get("displayName"):
        raise InvalidArgument(
            f"Field {where} needs a displayName and one of {', '.join(sorted(CONDITIONS))}."
        )
    if kind == "conditionMatchedLog" and not condition[kind].get("filter"):
        raise InvalidArgument(f"Field {where}.condition_matched_log needs a filter.")
    if kind in ("conditionThreshold", "conditionAbsent"):
        check_filter(service, condition[kind].get("filter", ""), where)
        check_duration(kind, condition[kind].get("duration", "0s"), where)


def check_filter(service: Service, text: str, where: str) -> None:
    for restriction in ("metric.type", "resource.type"):
        if restriction not in text:
            raise InvalidArgument(
                f'Field {where}.filter had an invalid value of "{text}": '
                f'must specify a restriction on "{restriction}" in the filter.'
            )
    for metric in USER_METRIC.findall(text):
        if not service.store.get(f"/logging/v2/projects/{service.state.project}/metrics/{quoted(metric)}"):
            raise NotFound(
                f'Cannot find metric that matches type = "logging.googleapis.com/user/{metric}". If a metric '
                "was created recently, it could take up to 10 minutes to become available. Please retry soon."
            )


def check_duration(kind: str, duration: Any, where: str) -> None:
    seconds = float(str(duration).removesuffix("s"))
    shortest = ABSENT_AT_LEAST if kind == "conditionAbsent" else 0
    if seconds % 60 or not shortest <= seconds <= DURATION_AT_MOST:
        raise InvalidArgument(
            f"Field {where}.duration must be whole minutes, {shortest} s to {DURATION_AT_MOST} s: {duration}."
        )
