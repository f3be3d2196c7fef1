"""How each type of resource changes in place, and what its API must return afterwards."""

from dataclasses import dataclass
from typing import Any

TEXT = "Changed in place."
LABELS = {"labels": {"component": "changed"}}


@dataclass(frozen=True)
class Change:
    """`address`: path in the API; {id} is Terraform's, {quoted} the same as one segment of a path.

    `hcl`: the attributes that replace those of the module. `expected`: values that the API returns then.
    `server`: paths that it returns although they were not sent: output only for Google, or a default.
    """

    address: str
    hcl: dict[str, Any]
    expected: dict[str, Any]
    server: str = ""

    @property
    def server_paths(self):
        return {"name", *self.server.split()}


def with_description(address, server="", **hcl):
    return Change(address, hcl | {"description": TEXT}, {"description": TEXT}, server)


def with_title(address, server="", **hcl):
    return Change(address, hcl | {"display_name": TEXT}, {"displayName": TEXT}, server)


CHANGES = {
    "google_storage_bucket": Change(
        "storage/v1/b/{id}",
        LABELS | {"soft_delete_policy": {"retention_duration_seconds": 691_200}},
        {"labels.component": "changed", "softDeletePolicy.retentionDurationSeconds": "691200"},
        "id kind selfLink projectNumber locationType metageneration etag timeCreated updated",
    ),
    "google_bigquery_dataset": with_description(
        "bigquery/v2/{id}",
        "id kind type selfLink etag datasetReference.projectId creationTime lastModifiedTime",
        max_time_travel_hours=96,
    ),
    "google_bigquery_table": with_description(
        "bigquery/v2/{id}",
        "id kind selfLink etag location creationTime lastModifiedTime numRows numBytes numActiveLogicalBytes"
        " numLongTermBytes numLongTermLogicalBytes numTotalLogicalBytes",
        **LABELS,
    ),
    "google_cloud_run_v2_job": Change(
        "run/v2/{id}",
        LABELS,
        {"labels.component": "changed"},
        "uid generation observedGeneration createTime updateTime etag terminalCondition.type"
        " terminalCondition.state terminalCondition.lastTransitionTime",
    ),
    "google_cloud_scheduler_job": with_description("scheduler/v1/{id}", "state userUpdateTime"),
    "google_secret_manager_secret": Change(
        "secretmanager/v1/{id}",
        LABELS | {"annotations": {"description": TEXT}},
        {"labels.component": "changed", "annotations.description": TEXT},
        "createTime etag",
    ),
    "google_service_account": with_description("iam/v1/{id}", "projectId email uniqueId oauth2ClientId etag"),
    "google_project_iam_custom_role": with_description("iam/v1/{id}", "etag"),
    "google_dataform_repository": with_title("dataform/v1/{id}", "createTime"),
    "google_pubsub_topic": Change(
        "pubsub/v1/{id}",
        LABELS | {"message_retention_duration": "86400s"},
        {"labels.component": "changed", "messageRetentionDuration": "86400s"},
    ),
    "google_pubsub_subscription": Change(
        "pubsub/v1/{id}",
        LABELS | {"ack_deadline_seconds": 55},
        {"labels.component": "changed", "ackDeadlineSeconds": 55},
        "state pushConfig",
    ),
    "google_bigquery_data_transfer_config": with_title(
        "bigquerydatatransfer/v1/{id}", "datasetRegion ownerInfo.email updateTime"
    ),
    "google_monitoring_notification_channel": with_title("monitoring/v3/{id}", "creationRecord.mutateTime"),
    "google_monitoring_alert_policy": with_title(
        "monitoring/v3/{id}", "creationRecord.mutateTime mutationRecord.mutateTime conditions.name"
    ),
    "google_monitoring_dashboard": Change(
        "monitoring/v1/{id}",
        {"dashboard_json": '{"displayName": "Changed in place.", "gridLayout": {}}'},
        {"displayName": TEXT},
        "etag",
    ),
    "google_logging_metric": with_description(
        "logging/v2/projects/{project}/metrics/{quoted}",
        "createTime updateTime metricDescriptor.name metricDescriptor.type",
    ),
    "google_billing_budget": with_title("billingbudgets/v1/{id}", "etag"),
    "google_artifact_registry_repository": with_description(
        "artifactregistry/v1/{id}", "createTime updateTime registryUri"
    ),
    "google_iam_workload_identity_pool": with_description("iam/v1/{id}", "state"),
    "google_iam_workload_identity_pool_provider": with_description("iam/v1/{id}", "state"),
}
# Types without any attribute that can change in place.
UNCHANGING = {
    "google_project_service": "an API is on or it is off",
    "google_artifact_registry_repository_iam_member": "another member or role is another grant",
    "google_bigquery_table_iam_member": "another member or role is another grant",
    "google_project_iam_audit_config": "another log type is another list, which is replaced as a whole",
    "google_cloud_run_v2_job_iam_member": "another member or role is another grant",
    "google_dataform_repository_iam_member": "another member or role is another grant",
    "google_project_iam_member": "another member or role is another grant",
    "google_pubsub_subscription_iam_member": "another member or role is another grant",
    "google_pubsub_topic_iam_member": "another member or role is another grant",
    "google_secret_manager_secret_iam_member": "another member or role is another grant",
    "google_service_account_iam_member": "another member or role is another grant",
    "google_storage_bucket_iam_member": "another member or role is another grant",
    "google_storage_bucket_iam_policy": "it is replaced as a whole",
}
