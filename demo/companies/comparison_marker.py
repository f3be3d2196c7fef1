"""Makes the connector compare the keys of an endpoint again on the same day, as if the next day had begun.

docs/guides/a-database-as-a-source.md
"""

from urllib.parse import quote

from demo.cloud import Cloud


def compare_again(cloud: Cloud, *endpoints: str) -> None:
    """`endpoints` as <source>/<endpoint>. StepFailed for one that was not compared before."""
    for endpoint in endpoints:
        name = quote(f"{endpoint}/compared.txt", safe="")
        cloud.delete(f"/storage/v1/b/{cloud.state.project}-landing/o/{name}")
