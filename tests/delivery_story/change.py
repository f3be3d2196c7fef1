"""What the pull request of the story changes: a limit, a group, a formula, and a text of a job."""

from tests.delivery_story.repository import Repository

MODEL, FORMULA = "dataform/definitions/dmt/daily_sales.sqlx", "sum(item.item_amount)"
DOUBLED = f"2 * {FORMULA}"
ENGINEERS = 'groups     = { engineers = "data-engineers@example.com" }'
ANALYSTS = 'groups     = { engineers = "data-engineers@example.com", analysts = "analysts@example.com" }'
JOB_TEXT, NEW_JOB_TEXT = "{outcome.seconds:.1f} s", "{outcome.seconds:.1f} seconds"
FIRST_LINE = 'env        = "prod"\n'


def propose(repository: Repository) -> str:
    """The hash of a commit on the branch `change`."""
    repository.replace("environments/dev.tfvars", ENGINEERS, ANALYSTS)
    repository.replace("environments/prod.tfvars", FIRST_LINE, f"{FIRST_LINE}limits = {{ gib_a_day = 7 }}\n")
    repository.replace(MODEL, FORMULA, DOUBLED)
    repository.replace("pipeline/run.py", JOB_TEXT, NEW_JOB_TEXT)
    return repository.commit("change", "double the revenue")
