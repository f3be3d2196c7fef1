# A tap of the Singer SDK: python singer_tap.py --config FILE [--state FILE]

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator
from singer_sdk.pagination import BasePageNumberPaginator

LINE = th.ObjectType(
    th.Property("product_sku", th.StringType),
    th.Property("quantity", th.IntegerType),
    th.Property("amount", th.NumberType),
)


class Pages(BasePageNumberPaginator):
    def has_more(self, response):
        return self.current_value < response.json()["total_pages"]


class Sales(RESTStream):
    name = "sales"
    path = "/sales"
    primary_keys = ("id",)
    replication_key = "id"
    is_sorted = True
    records_jsonpath = "$.items[*]"
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType),
        th.Property("datetime", th.DateTimeType),
        th.Property("customer_id", th.IntegerType),
        th.Property("store_id", th.IntegerType),
        th.Property("items", th.ArrayType(LINE)),
    ).to_dict()

    @property
    def url_base(self):
        return self.config["url"]

    @property
    def create_auth(self):
        return APIKeyAuthenticator(key="X-API-Key", value="none", location="header")

    def get_new_paginator(self):
        return Pages(1)

    def get_url_params(self, context, next_page_token):
        start = self.get_starting_replication_key_value(context)
        window = {"start_sales_id": start} if start else {}
        return {"page": next_page_token or 1, "page_size": 250} | window


class TapRetail(Tap):
    name = "tap-retail"
    config_jsonschema = th.PropertiesList(th.Property("url", th.StringType, required=True)).to_dict()

    def discover_streams(self):
        return [Sales(self)]


if __name__ == "__main__":
    TapRetail.cli()
