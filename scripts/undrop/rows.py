"""The rows of the copy, inserted into the table that was created again, in as many statements as are needed."""

from google.cloud import bigquery

from scripts.partitions import PER_STATEMENT, cut, partition_of


def insert_rows(client: bigquery.Client, table: str, copy: str, size: int = PER_STATEMENT) -> None:
    # By name, because the release may create the columns in another order.
    columns = ", ".join(f"`{field.name}`" for field in client.get_table(f"{client.project}.{copy}").schema)
    insert = f"insert into {table} ({columns}) select {columns} from {copy}"
    partition = partition_of(client.get_table(f"{client.project}.{table}"))
    if not partition:
        client.query_and_wait(insert)
        return
    days = f"select distinct {partition} as part from {copy} where {partition} is not null order by part"
    values = [row["part"] for row in client.query_and_wait(days)]
    for where in cut(partition, values, size) if len(values) > size else ["true"]:
        client.query_and_wait(f"{insert} where {where}")
