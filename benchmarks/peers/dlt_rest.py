# dlt's rest_api source as its documentation shows it: python dlt_rest.py URL FOLDER

import sys

import dlt
from dlt.sources.rest_api import rest_api_source

url, folder = sys.argv[1:]
source = rest_api_source(
    {
        "client": {
            "base_url": url,
            "auth": {"type": "api_key", "name": "X-API-Key", "api_key": "none", "location": "header"},
            "paginator": {"type": "page_number", "base_page": 1, "total_path": "total_pages"},
        },
        "resources": [
            {
                "name": "sales",
                "endpoint": {"path": "sales", "params": {"page_size": 250}, "data_selector": "items"},
            }
        ],
    }
)
pipeline = dlt.pipeline(
    "sales",
    pipelines_dir=f"{folder}/state",
    destination=dlt.destinations.filesystem(f"{folder}/out"),
    dataset_name="raw",
)
pipeline.run(source, loader_file_format="jsonl")
