"""Environment variables that direct Google's clients, Terraform and jobs to a sandbox."""

from sandbox.state import State

# Path of each API for the provider's endpoint variables; only monitoring has no version in it.
PROVIDER_ENDPOINTS = {
    "STORAGE": "storage/v1",
    "BIG_QUERY": "bigquery/v2",
    "SECRET_MANAGER": "secretmanager/v1",
    "RESOURCE_MANAGER": "cloudresourcemanager/v1",
    "CLOUD_BILLING": "cloudbilling/v1",
    "SERVICE_USAGE": "serviceusage/v1",
    "IAM_BETA": "iam/v1",
    "DATAFORM": "dataform/v1",
    "CLOUD_RUN_V2": "run/v2",
    "CLOUD_SCHEDULER": "scheduler/v1",
    "PUBSUB": "pubsub/v1",
    "MONITORING": "monitoring",
    "LOGGING": "logging/v2",
    "ARTIFACT_REGISTRY": "artifactregistry/v1",
    "BILLING_BUDGETS": "billingbudgets/v1",
    "BIGQUERY_DATA_TRANSFER": "bigquerydatatransfer/v1",
    "COMPUTE": "compute/v1",
}
# requests prefers the lower-case name; Go reads both.
UNPROXIED = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def clients(state: State, identity: str) -> dict[str, str]:
    """Variables of Google's clients and of jobs that run as service account `identity` (an e-mail)."""
    return {
        "GOOGLE_CLOUD_PROJECT": state.project,
        "BIGQUERY_EMULATOR_HOST": state.address,
        "STORAGE_EMULATOR_HOST": state.address,
        "STORAGE_ENDPOINT": state.address,
        "RUN_ENDPOINT": f"{state.address}/run",
        "DATAFORM_ENDPOINT": f"{state.address}/dataform",
        "DATAPROC_ENDPOINT": f"{state.address}/dataproc",
        "SECRET_MANAGER_ENDPOINT": f"{state.address}/secretmanager",
        "CLOUDSCHEDULER_ENDPOINT": f"{state.address}/scheduler",
        "PUBSUB_ENDPOINT": f"{state.address}/pubsub",
        "SERVICE_USAGE_ENDPOINT": f"{state.address}/serviceusage",
        "SHEETS_ENDPOINT": f"{state.address}/sheets",
        "DRIVE_ENDPOINT": state.address,
        # google-auth reads values below GCE_METADATA_HOST, so its path selects the identity. It detects the
        # server by a request to GCE_METADATA_IP, which needs no identity: see `ready` in server.py.
        "GCE_METADATA_HOST": f"127.0.0.1:{state.port}/metadata/{identity}",
        "GCE_METADATA_IP": f"127.0.0.1:{state.port}",
        # Clients prefer a person's own key or gcloud login to the metadata server, and would send it here.
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "CLOUDSDK_CONFIG": str(state.root / "gcloud"),
        **UNPROXIED,
        **state.job_variables,
    }


def terraform(state: State) -> dict[str, str]:
    """Variables of the google provider and the gcs backend."""
    endpoints = {
        # Without the trailing slash a plan reports that everything was deleted: see docs/reference/traps.md.
        f"GOOGLE_{name}_CUSTOM_ENDPOINT": f"{state.address}/{path}/"
        for name, path in PROVIDER_ENDPOINTS.items()
    }
    return endpoints | {
        "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT": f"{state.address}/storage/v1/",
        # This token names no service account (see iam/identities.py): Terraform is the owner of the project.
        "GOOGLE_OAUTH_ACCESS_TOKEN": "sandbox",
        # A request to an endpoint without a variable fails at once instead of reaching Google.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        **UNPROXIED,
        # Otherwise Terraform requests checkpoint-api.hashicorp.com for the newest version.
        "CHECKPOINT_DISABLE": "1",
    }
