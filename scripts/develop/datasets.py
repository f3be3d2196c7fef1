"""The datasets of one suffix."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from runtime.clones import clone_tables
from scripts.develop import DevelopError

CLONED = ("ods", "dmt")
DATASETS = (*CLONED, "assertions")
LABEL = "developer"
CREATED_BY = "Created by scripts.develop for "
EXPIRATION_DAYS = 14  # of a table that is not cloned or written again


@dataclass(frozen=True)
class Datasets:
    """`runner` is the service account that executes the SQL."""

    client: bigquery.Client
    suffix: str
    location: str
    runner: str

    def create(self) -> None:
        """DevelopError before anything is created if a dataset of such a name is not this person's."""
        for dataset in self._present():
            self._check_owner(dataset)
        description = self._describe()
        for base in DATASETS:
            dataset = bigquery.Dataset(f"{self.client.project}.{self._name(base)}")
            dataset.location = self.location
            dataset.labels = {LABEL: self.suffix}
            dataset.description = description
            # Forgotten datasets must not cost anything for ever.
            dataset.default_table_expiration_ms = EXPIRATION_DAYS * 24 * 3600 * 1000
            writer = bigquery.AccessEntry("WRITER", "userByEmail", self.runner)
            owners = bigquery.AccessEntry("OWNER", "specialGroup", "projectOwners")
            dataset.access_entries = [owners, writer]
            try:
                self.client.create_dataset(dataset)
            except Conflict:
                # An existing dataset of that name may belong to another application.
                self._check_label(self.client.get_dataset(dataset.reference))

    def check(self) -> None:
        """DevelopError unless all exist: Dataform would create them, never to expire, and read all of raw."""
        present = self._present()
        for dataset in present:
            self._check_owner(dataset)
        if len(present) < len(DATASETS):
            raise DevelopError(
                f"the datasets of {self.suffix} do not exist: "
                f"python -m scripts.develop start --env ENV --schema-suffix {self.suffix}"
            )

    def clone(self) -> Iterator[str]:
        """Names of the clones, each replaced; views are created by the models."""
        for base in CLONED:
            yield from clone_tables(self.client, base, self._name(base))

    def delete(self) -> list[str]:
        """Names of the deleted datasets; DevelopError before anything is deleted if one is not this person's."""
        present = self._present()
        for dataset in present:
            self.client.delete_dataset(dataset.reference, delete_contents=True)
        return [dataset.dataset_id for dataset in present]

    def _present(self) -> list[bigquery.Dataset]:
        """The datasets that exist. All labels are checked first, so that all are created or deleted, or none."""
        present = []
        for base in DATASETS:
            try:
                present.append(self.client.get_dataset(f"{self.client.project}.{self._name(base)}"))
            except NotFound:
                continue
        for dataset in present:
            self._check_label(dataset)
        return present

    def _name(self, base: str) -> str:
        return f"{base}_{self.suffix}"

    def _describe(self) -> str:
        """Names the caller: people choose equal suffixes. A label allows no mail address."""
        [row] = self.client.query_and_wait("select session_user() as name")
        return f"{CREATED_BY}{row['name']}"

    def _check_owner(self, dataset: bigquery.Dataset) -> None:
        description = dataset.description or ""
        if description.startswith(CREATED_BY) and description != self._describe():
            raise DevelopError(
                f"dataset {dataset.dataset_id} was created by {description.removeprefix(CREATED_BY)}, whose tables "
                "would be replaced. Choose another --schema-suffix."
            )

    def _check_label(self, dataset: bigquery.Dataset) -> None:
        if dataset.labels.get(LABEL) != self.suffix:
            raise DevelopError(
                f"dataset {dataset.dataset_id} exists without the label {LABEL}={self.suffix}: "
                "it was not created by this command. Choose another --schema-suffix."
            )
