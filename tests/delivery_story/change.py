"""What the pull request of the story changes: a limit, a group and a formula."""

from tests.delivery_story.repository import Repository

MODEL, FORMULA = "dataform/definitions/dmt/daily_sales.sqlx", "sum(item.item_amount)"
DOUBLED = f"2 * {FORMULA}"
ENGINEERS = 'groups       = { engineers = "data-engineers@example.com" }'
ANALYSTS = 'groups       = { engineers = "data-engineers@example.com", analysts = "analysts@example.com" }'
PROTECTED_LINE = 'env          = "prod"\n'


def propose(repository: Repository) -> str:
    """The hash of a commit on the branch `change`."""
    repository.replace("environments/dev.tfvars", ENGINEERS, ANALYSTS)
    repository.replace(
        "environments/prod.tfvars", PROTECTED_LINE, f"{PROTECTED_LINE}limits = {{ gib_a_day = 7 }}\n"
    )
    repository.replace(MODEL, FORMULA, DOUBLED)
    return repository.commit("change", "double the revenue")
