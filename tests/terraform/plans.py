"""Reading the plans of the environments."""

from typing import Any

from tests.terraform.grants import planned_resources

ENVIRONMENTS = ["local", "dev", "prod"]
SMTP = '{host="smtp.example.com",from="data@example.com",user="data"}'
# Notices are enabled in prod and disabled elsewhere.
ARGUMENTS = {"prod": [f'-var=notices={{smtp={SMTP},webhooks=true,report=["engineers@example.com"]}}']}


class LazyPlans(dict[str, Any]):
    """{environment: plan}; a plan takes some seconds, and many tests read only one."""

    def __init__(self, create_plan):
        super().__init__()
        self.create_plan = create_plan

    def __missing__(self, env):
        self[env] = self.create_plan(env, *ARGUMENTS.get(env, []))
        return self[env]


def resources_of(plan, kind):
    """The planned values of all resources of a type, by their address."""
    return {
        resource["address"]: resource["values"]
        for resource in planned_resources(plan)
        if resource["type"] == f"google_{kind}"
    }


def only(plan, kind):
    """The planned values of the single resource of a type."""
    [values] = resources_of(plan, kind).values()
    return values


def job_variables(plan, job):
    """The environment variables of a Run job, by name."""
    [values] = [values for values in resources_of(plan, "cloud_run_v2_job").values() if values["name"] == job]
    return {
        variable["name"]: variable
        for variable in values["template"][0]["template"][0]["containers"][0]["env"]
    }
