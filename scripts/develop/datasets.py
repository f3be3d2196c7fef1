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
EXPIRATION_DAYS = 14  # of a table that is not cloned or written again


@dataclass(frozen=True)
class Datasets:
    """`runner` is the service account that executes the SQL."""

    client: bigquery.Client
    suffix: str
    location: str
    runner: str

    def create(self) -> None:
        for base in DATASETS:
            dataset = bigquery.Dataset(f"{self.client.project}.{self._name(base)}")
            dataset.location = self.location
            dataset.labels = {LABEL: self.suffix}
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

    def clone(self) -> Iterator[str]:
        """Names of the clones, each replaced; views are created by the models."""
        for base in CLONED:
            yield from clone_tables(self.client, base, self._name(base))

    def delete(self) -> list[str]:
        """Names of the deleted datasets; DevelopError before anything is deleted if one is not this person's."""
        present = []
        for base in DATASETS:
            try:
                present.append(self.client.get_dataset(f"{self.client.project}.{self._name(base)}"))
            except NotFound:
                continue
        # All labels first, so that either all datasets are deleted or none.
        for dataset in present:
            self._check_label(dataset)
        for dataset in present:
            self.client.delete_dataset(dataset.reference, delete_contents=True)
        return [dataset.dataset_id for dataset in present]

    def _name(self, base: str) -> str:
        return f"{base}_{self.suffix}"

    def _check_label(self, dataset: bigquery.Dataset) -> None:
        if dataset.labels.get(LABEL) != self.suffix:
            raise DevelopError(
                f"dataset {dataset.dataset_id} exists without the label {LABEL}={self.suffix}: "
                "it was not created by this command. Choose another --schema-suffix."
            )
