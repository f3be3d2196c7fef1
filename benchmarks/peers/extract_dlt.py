# dlt's sql_database and filesystem sources as their documentation shows them, and a resource over pymongo:
# python extract_dlt.py BACKEND URL FOLDER

import sys

import dlt
from dlt.sources.filesystem import filesystem, read_csv
from dlt.sources.sql_database import sql_table

backend, url, folder = sys.argv[1:]


def table():
    if url.startswith("mongodb"):
        import bson
        import pymongo

        def text(document):
            kinds = (bson.ObjectId, bson.Decimal128)
            return {
                name: str(value) if isinstance(value, kinds) else value for name, value in document.items()
            }

        @dlt.resource(name="orders", max_table_nesting=0)
        def orders():
            cursor = pymongo.MongoClient(url).get_default_database()["orders"].find({}, batch_size=5000)
            batch = []
            for document in cursor:
                batch.append(text(document))
                if len(batch) == 5000:
                    yield batch
                    batch = []
            yield batch

        return orders()
    if url.startswith("file"):
        return (filesystem(bucket_url=url, file_glob="*.csv") | read_csv()).with_name("orders")
    address = url.replace("mysql:", "mysql+pymysql:").replace("postgresql:", "postgresql+psycopg2:")
    types = "full_with_precision"
    return sql_table(address, table="orders", backend=backend, chunk_size=50_000, reflection_level=types)


pipeline = dlt.pipeline(
    "orders",
    pipelines_dir=f"{folder}/state",
    destination=dlt.destinations.filesystem(f"{folder}/out"),
    dataset_name="raw",
)
pipeline.run(table(), loader_file_format="parquet")
