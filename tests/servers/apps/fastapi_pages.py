"""fastapi-pagination: pages by number, by limit and offset, and with links. Arguments: port, items.json."""

import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi_pagination import LimitOffsetPage, Page, add_pagination, paginate
from fastapi_pagination.links import Page as LinkedPage

ITEMS = json.loads(Path(sys.argv[2]).read_text())
app = FastAPI()


@app.get("/numbered")
def numbered() -> Page[dict[str, Any]]:
    return paginate(ITEMS)


@app.get("/offset")
def offset() -> LimitOffsetPage[dict[str, Any]]:
    return paginate(ITEMS)


@app.get("/linked")
def linked() -> LinkedPage[dict[str, Any]]:
    return paginate(ITEMS)


add_pagination(app)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
