"""Eve over an in-memory MongoDB: relative links to the next page. Arguments: port, items.json."""

import json
import sys
from pathlib import Path

import mongomock
import pymongo

pymongo.MongoClient = mongomock.MongoClient

from eve import Eve  # noqa: E402
from waitress import serve  # noqa: E402

ITEMS = json.loads(Path(sys.argv[2]).read_text())
SCHEMA = {"schema": {"id": {"type": "integer"}}, "allow_unknown": True}
app = Eve(
    settings={
        "DOMAIN": {"items": SCHEMA},
        "MONGO_DBNAME": "test",
        "PAGINATION_DEFAULT": 50,
        "RENDERERS": ["eve.render.JSONRenderer"],
    }
)
with app.app_context():
    app.data.driver.db["items"].insert_many(ITEMS)
serve(app, host="127.0.0.1", port=int(sys.argv[1]), _quiet=True)
