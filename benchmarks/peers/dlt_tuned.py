# dlt tuned by hand: pages in parallel by @dlt.defer, no child tables: python dlt_tuned.py URL FOLDER
# EXTRACT__WORKERS and EXTRACT__MAX_PARALLEL_ITEMS are 16 in its environment.

import sys

import dlt
from dlt.sources.helpers import requests

url, folder = sys.argv[1:]
http = requests.Client(request_timeout=60).session


def ask(page):
    params = {"page": page, "page_size": 250}
    answer = http.get(f"{url}/sales", params=params, headers={"X-API-Key": "none"})
    answer.raise_for_status()
    return answer.json()


@dlt.defer
def items(page):
    return ask(page)["items"]


@dlt.resource(name="sales", max_table_nesting=0)
def sales():
    first = ask(1)
    yield first["items"]
    for page in range(2, first["total_pages"] + 1):
        yield items(page)


pipeline = dlt.pipeline(
    "sales",
    pipelines_dir=f"{folder}/state",
    destination=dlt.destinations.filesystem(f"{folder}/out"),
    dataset_name="raw",
)
pipeline.run(sales(), loader_file_format="jsonl")
