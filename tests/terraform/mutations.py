"""Dangerous edits of the Terraform code, each with the test that must fail for it."""

from dataclasses import dataclass

PLAN = "tests/terraform/test_plan.py"
TEXTS = "tests/terraform/test_texts.py"
SETTINGS = "tests/terraform/test_job_settings.py"
MODULES = "tests/terraform/test_modules.py"
SPARK_GRANTS = "tests/terraform/test_spark.py::test_the_grants_of_spark_are_those_that_are_listed"
GRANTS = f"{PLAN}::test_the_grants_are_those_that_are_listed"


@dataclass(frozen=True)
class Mutation:
    """`before` occurs in `path` and is replaced by `after`; an assertion of `test` must fail.

    `reason`: instead, the plan is rejected with this part of a message.
    """

    name: str
    path: str
    before: str
    after: str
    test: str
    reason: str = ""


def of_module(name: str) -> str:
    return f"{MODULES}::test_the_tests_of_a_module_pass[{name}]"


MUTATIONS = [
    Mutation(
        "analysts read raw",
        "environments/main.tf",
        "raw = merge(\n        local.engineers,",
        "raw = merge(\n        local.analysts, local.engineers,",
        GRANTS,
    ),
    Mutation(
        "the connector has roles/editor on the project",
        "modules/warehouse/main.tf",
        '"roles/bigquery.jobUser"',
        '"roles/editor"',
        f"{PLAN}::test_no_identity_has_a_wide_role_on_the_project",
    ),
    Mutation(
        "the bucket can be made public",
        "modules/landing/main.tf",
        '"enforced"',
        '"inherited"',
        f"{PLAN}::test_nothing_is_public",
    ),
    Mutation(
        "everyone reads the landing bucket",
        "modules/landing/main.tf",
        'members = ["projectOwner:${var.project_id}"]',
        'members = ["allUsers"]',
        f"{PLAN}::test_nothing_is_public",
    ),
    Mutation(
        "the connector administers its secret",
        "modules/secret/main.tf",
        '"roles/secretmanager.secretAccessor"',
        '"roles/secretmanager.admin"',
        GRANTS,
    ),
    Mutation(
        "prod is not protected",
        "environments/prod.tfvars",
        'env        = "prod"',
        'env        = "prod"\nprotected  = false',
        f"{PLAN}::test_prod_protects_what_contains_data_and_nothing_else",
    ),
    Mutation(
        "tables are not protected",
        "modules/warehouse/main.tf",
        "deletion_protection = var.protected",
        "deletion_protection = false",
        f"{PLAN}::test_prod_protects_what_contains_data_and_nothing_else",
    ),
    Mutation(
        "secrets are not protected",
        "modules/secret/main.tf",
        'var.protected ? "PREVENT" : "DELETE"',
        '"DELETE"',
        f"{PLAN}::test_prod_protects_what_contains_data_and_nothing_else",
    ),
    Mutation(
        "the hourly run is daily",
        "environments/variables.tf",
        '"5 * * * *"',
        '"5 4 * * *"',
        f"{PLAN}::test_schedules_start_their_job_with_its_argument",
    ),
    Mutation(
        "freshness is measured once a day",
        "environments/declarations.tf",
        "every 1 hours",
        "every 24 hours",
        f"{PLAN}::test_scheduled_queries_run_when_their_readers_need_them",
    ),
    Mutation(
        "a nested column is a STRUCT",
        "connector/schemas/sales.json",
        '"RECORD"',
        '"STRUCT"',
        f"{SETTINGS}::test_the_tables_of_raw_are_those_of_the_sources",
        "Invalid: sales has",
    ),
    Mutation(
        "a column of raw.customers is renamed",
        "connector/schemas/customers.json",
        '{"name": "phone",',
        '{"name": "telephone",',
        f"{PLAN}::test_raw_has_the_columns_that_the_models_read",
    ),
    Mutation(
        "the value of a secret is in the state",
        "modules/secret/main.tf",
        "locals {\n  rotator_roles",
        'resource "google_secret_manager_secret_version" "value" {\n'
        "  secret      = google_secret_manager_secret.secret.id\n"
        '  secret_data = "value"\n}\n\nlocals {\n  rotator_roles',
        f"{PLAN}::test_no_key_and_no_secret_value_is_in_a_plan",
    ),
    Mutation(
        "Dataform's name is available before its invokers may act as the runner",
        "modules/dataform/outputs.tf",
        "    google_service_account_iam_member.invokers,\n",
        "",
        f"{TEXTS}::test_something_waits_for_every_grant_of_a_module[dataform]",
    ),
    Mutation(
        "schedules do not wait for grants",
        "environments/main.tf",
        "    module.connector, module.dataform, module.landing, ",
        "    ",
        f"{TEXTS}::test_schedules_wait_for_the_grants_of_everything_they_start",
    ),
    Mutation(
        "scheduled queries do not wait for the grants of their agent",
        "modules/scheduled_queries/main.tf",
        "    google_pubsub_topic_iam_member.agent,\n    google_service_account_iam_member.agent,\n",
        "",
        f"{TEXTS}::test_something_waits_for_every_grant_of_a_module[scheduled_queries]",
    ),
    Mutation(
        "delivery reads secrets and data",
        "modules/delivery/permissions.tf",
        '      "bigquery.transfers.update",\n',
        '      "bigquery.tables.getData",\n      "secretmanager.versions.access",\n',
        of_module("delivery"),
    ),
    Mutation(
        "an alert names a job that does not exist",
        "modules/alerts/main.tf",
        'pipeline = "resource.type=\\"cloud_run_job\\" AND resource.labels.job_name=\\"pipeline\\""',
        'pipeline = "resource.type=\\"cloud_run_job\\" AND resource.labels.job_name=\\"pipelines\\""',
        f"{PLAN}::test_alerts_name_existing_jobs_and_resources",
    ),
    Mutation(
        "the alert on Dataform reads another log",
        "modules/alerts/main.tf",
        "WorkflowInvocationCompletionLogEntry",
        "WorkflowInvocationLogEntry",
        f"{PLAN}::test_the_alert_on_dataform_reads_its_completion_log",
    ),
    Mutation(
        "alerts notify no channel",
        "modules/alerts/main.tf",
        "notification_channels = local.channels",
        "notification_channels = []",
        f"{PLAN}::test_every_alert_notifies_every_channel",
    ),
    Mutation(
        "staging never expires",
        "modules/warehouse/main.tf",
        "    staging              = 1\n",
        "",
        of_module("warehouse"),
    ),
    Mutation(
        "old versions are kept for ten years",
        "modules/landing/main.tf",
        "days_since_noncurrent_time = 7",
        "days_since_noncurrent_time = 3650",
        of_module("landing"),
    ),
    Mutation(
        "every repository of GitHub is accepted",
        "modules/delivery/main.tf",
        '"assertion.repository_id == \\"${var.repository_id}\\""',
        '"assertion.repository_id != \\"\\""',
        of_module("delivery"),
    ),
    Mutation(
        "every branch may apply",
        "modules/delivery/main.tf",
        "attribute.deployment/${var.repository_id}:${var.environment}:${event}:refs/heads/${var.branch}",
        "attribute.repository_id/${var.repository_id}",
        GRANTS,
    ),
    Mutation(
        "schedules start the pipeline without its argument",
        "environments/main.tf",
        "  args        = [each.key]\n",
        "",
        f"{PLAN}::test_schedules_start_their_job_with_its_argument",
    ),
    Mutation(
        "the pipeline may not pass arguments to the connector",
        "environments/main.tf",
        "overrides = true",
        "overrides = false",
        GRANTS,
    ),
    Mutation(
        "the Sheets API is not enabled",
        "environments/main.tf",
        '    "sheets.googleapis.com",\n',
        "",
        f"{PLAN}::test_every_api_is_enabled",
    ),
    Mutation(
        "a plan may write the state",
        "modules/delivery/main.tf",
        'plan     = "roles/storage.objectViewer"',
        'plan     = "roles/storage.objectUser"',
        GRANTS,
    ),
    Mutation(
        "a secret is pinned to its first version",
        "modules/job/main.tf",
        'version = "latest"',
        'version = "1"',
        f"{PLAN}::test_a_key_is_a_reference_to_the_newest_version",
    ),
    Mutation(
        "delivery may grant any role",
        "modules/delivery/main.tf",
        'for_each = each.key == "grant" ? [local.grantable_roles] : []',
        'for_each = each.key == "nothing" ? [local.grantable_roles] : []',
        f"{PLAN}::test_no_identity_has_a_wide_role_on_the_project",
    ),
    Mutation(
        "the bucket has no versions",
        "modules/landing/main.tf",
        "  versioning {\n    enabled = true",
        "  versioning {\n    enabled = false",
        of_module("landing"),
    ),
    Mutation(
        "the bucket has no soft delete",
        "modules/landing/main.tf",
        "retention_duration_seconds = 7 * 24 * 3600",
        "retention_duration_seconds = 0",
        of_module("landing"),
    ),
    Mutation(
        "Dataform runs as Google's agent",
        "modules/dataform/main.tf",
        "  service_account = var.runner.email\n",
        "",
        f"{PLAN}::test_dataform_runs_as_the_runner",
    ),
    Mutation(
        "the bucket is in another location than the datasets",
        "environments/main.tf",
        '  name       = "${var.project_id}-landing"\n  location   = var.location',
        '  name       = "${var.project_id}-landing"\n  location   = "US"',
        f"{PLAN}::test_bucket_and_datasets_have_one_location",
    ),
    # Defects of the review against Google's documentation.
    Mutation(
        "a custom role has a permission that does not exist",
        "modules/delivery/permissions.tf",
        "policy = true, list = false }",
        "policy = true }",
        f"{PLAN}::test_every_permission_of_a_custom_role_exists",
    ),
    Mutation(
        "analysts cannot read a view over ods",
        "environments/main.tf",
        '{ ods = ["dmt"] }',
        "{}",
        f"{PLAN}::test_analysts_read_only_the_marts",
    ),
    Mutation(
        "Viewers of the project read every dataset",
        "modules/warehouse/main.tf",
        'special_group = "projectOwners"',
        'special_group = "projectReaders"',
        f"{PLAN}::test_viewers_of_the_project_have_no_access_to_data",
    ),
    Mutation(
        "a folder's condition does not match the bucket",
        "modules/landing/main.tf",
        '      "resource.name == \\"${local.bucket_resource}\\"",\n',
        "",
        of_module("landing"),
    ),
    Mutation(
        "secrets are replicated automatically",
        "modules/secret/main.tf",
        "    user_managed {\n      replicas {\n        location = var.region\n      }\n    }",
        "    auto {}",
        f"{PLAN}::test_secrets_are_stored_in_one_region",
    ),
    Mutation(
        "the transfer agent has no role",
        "modules/scheduled_queries/main.tf",
        '"roles/bigquerydatatransfer.serviceAgent"',
        '"roles/bigquery.jobUser"',
        GRANTS,
    ),
    Mutation(
        "schedules start Google's sample image",
        "environments/main.tf",
        "paused = var.schedules.paused || !alltrue(local.jobs[*].has_image)",
        "paused = var.schedules.paused",
        f"{PLAN}::test_schedules_are_paused_until_every_job_has_an_image",
    ),
    Mutation(
        "the budget notifies chat rooms",
        "environments/main.tf",
        "module.alerts.email_channels",
        "module.alerts.channels",
        f"{PLAN}::test_the_budget_notifies_email_channels_in_the_currency_of_the_account",
    ),
    Mutation(
        "reads of secrets are not logged",
        "modules/project_services/variables.tf",
        '["secretmanager.googleapis.com", "storage.googleapis.com"]',
        "[]",
        f"{PLAN}::test_reads_of_secrets_and_objects_are_logged",
    ),
    Mutation(
        "the provider is not pinned",
        "environments/versions.tf",
        'version = "7.45.0"',
        'version = ">= 7.45"',
        f"{TEXTS}::test_modules_accept_a_range_of_versions_and_the_root_pins_one",
    ),
    Mutation(
        "module budget: the cost of all projects is counted",
        "modules/budget/main.tf",
        'projects               = ["projects/${var.project_number}"]',
        "projects               = []",
        of_module("budget"),
    ),
    Mutation(
        "module identities: accounts are not described",
        "modules/identities/main.tf",
        "description  = each.value",
        "description  = each.key",
        of_module("identities"),
    ),
    Mutation(
        "module registry: a tag may move to another image",
        "modules/registry/main.tf",
        "immutable_tags = true",
        "immutable_tags = false",
        of_module("registry"),
    ),
    Mutation(
        "the report reads the key of the webhooks",
        "environments/declarations.tf",
        "      accessors   = {}\n",
        "      accessors   = local.report_mailers\n",
        GRANTS,
    ),
    Mutation(
        "the report writes every table of ops",
        "environments/main.tf",
        '"pipeline", "restore", "scheduled-queries", "sheets-sync"] :\n      name',
        '"pipeline", "report", "restore", "scheduled-queries", "sheets-sync"] :\n      name',
        GRANTS,
    ),
    Mutation(
        "module report: readers may write pages",
        "modules/report/main.tf",
        "roles/storage.objectViewer",
        "roles/storage.objectUser",
        of_module("report"),
    ),
    Mutation(
        "module rotation: a consumer receives every event of a secret",
        "modules/rotation/main.tf",
        'filter                     = "attributes.eventType = \\"SECRET_ROTATE\\""',
        'filter                     = ""',
        of_module("rotation"),
    ),
    Mutation(
        "module schedule: an empty override is sent",
        "modules/schedule/main.tf",
        'length(var.args) == 0 ? "{}" : jsonencode(local.overrides)',
        "jsonencode(local.overrides)",
        of_module("schedule"),
    ),
    Mutation(
        "tfvars: the memory of a job has a unit that Cloud Run rejects",
        "modules/job/variables.tf",
        "(Mi|Gi)$",
        "",
        of_module("job"),
    ),
    Mutation(
        "a batch may replace the code of other batches",
        "modules/spark/main.tf",
        'role = "roles/storage.objectUser", folder = "runs", member = var.identity.member',
        'role = "roles/storage.objectUser", folder = "code", member = var.identity.member',
        of_module("spark"),
    ),
    Mutation(
        "a batch may write its own code",
        "modules/spark/main.tf",
        'role = "roles/storage.objectViewer", folder = "code", member = var.identity.member',
        'role = "roles/storage.objectUser", folder = "code", member = var.identity.member',
        of_module("spark"),
    ),
    Mutation(
        "the connector writes the output of batches",
        "modules/spark/main.tf",
        '"${name}-read" => { role = "roles/storage.objectViewer"',
        '"${name}-read" => { role = "roles/storage.objectUser"',
        SPARK_GRANTS,
    ),
    Mutation(
        "delivery writes the output of batches",
        "modules/spark/main.tf",
        'role = "roles/storage.objectUser", folder = "code", member = member',
        'role = "roles/storage.objectUser", folder = "runs", member = member',
        SPARK_GRANTS,
    ),
    Mutation(
        "a plan of delivery writes code",
        "modules/spark/main.tf",
        'role = "roles/storage.objectViewer", folder = "code", member = member',
        'role = "roles/storage.objectUser", folder = "code", member = member',
        SPARK_GRANTS,
    ),
    Mutation(
        "the pipeline has tokens of the identity of batches",
        "modules/spark/main.tf",
        '"roles/iam.serviceAccountUser"',
        '"roles/iam.serviceAccountTokenCreator"',
        SPARK_GRANTS,
    ),
    Mutation(
        "the pipeline creates clusters",
        "modules/spark/main.tf",
        '"dataproc.batches.cancel",',
        '"dataproc.batches.cancel", "dataproc.clusters.create",',
        of_module("spark"),
    ),
    Mutation(
        "the connector starts batches",
        "environments/main.tf",
        'runners = { pipeline = module.identities.members["pipeline"] }\n  deliverers',
        'runners = { for name in ["connector", "pipeline"] : name => module.identities.members[name] }\n  deliverers',
        SPARK_GRANTS,
    ),
    Mutation(
        "machines of batches are reachable from everywhere",
        "modules/spark/network.tf",
        "source_ranges      = [var.ip_range]",
        'source_ranges      = ["0.0.0.0/0"]',
        of_module("spark"),
    ),
    Mutation(
        "machines of batches do not reach Cloud Storage",
        "modules/spark/network.tf",
        "private_ip_google_access = true",
        "private_ip_google_access = false",
        of_module("spark"),
    ),
    Mutation(
        "Spark's resources exist without a declaration",
        "environments/declarations.tf",
        "uses_spark = length(local.prepared) > 0",
        "uses_spark = true",
        "tests/terraform/test_spark.py::test_without_a_declaration_nothing_of_spark_exists",
    ),
    Mutation(
        "the code of batches is available before its grants",
        "modules/spark/outputs.tf",
        "google_service_account_iam_member.runners,",
        "",
        f"{TEXTS}::test_something_waits_for_every_grant_of_a_module[spark]",
    ),
]
