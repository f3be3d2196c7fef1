"""State of the retail API: the catalog up to the clock's time, with the overlays of tests."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from demo.shop.atomic_files import write_atomically
from demo.shop.catalog import Catalog
from demo.shop.clock import Clock
from demo.shop.errors import RequestRejected
from demo.shop.faults import Faults
from demo.shop.items import KEYS, Items, Overlay
from demo.shop.keys import Keys


@dataclass
class Shop:
    """Clock, keys and overlays are files in `root`; faults are not stored: a restart removes them."""

    root: Path
    catalog: Catalog = field(default_factory=Catalog)
    faults: Faults = field(default_factory=Faults)
    _cache: dict[str, Items] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def clock(self) -> Clock:
        return Clock(self.root / "retail-clock")

    @cached_property
    def keys(self) -> Keys:
        keys = Keys(self.root)
        keys.load()
        return keys

    def items(self, endpoint: str) -> Items:
        """Called from several threads; the catalog is not thread-safe."""
        with self._lock:
            if endpoint not in self._cache:
                self._cache[endpoint] = self.overlay(endpoint).apply(self._catalog_items(endpoint), endpoint)
            return self._cache[endpoint]

    def first_sale(self, since: datetime) -> int:
        self.items("sales")  # the catalog computes sales up to the clock's time only when they are read
        return self.catalog.first_sale(since)

    def _catalog_items(self, endpoint: str) -> Items:
        if endpoint == "sales":
            return self.catalog.sales(self.clock.now())
        return self.catalog.products if endpoint == "products" else self.catalog.customers

    def clear_cache(self) -> None:
        """Required after a change of the clock or of an overlay."""
        with self._lock:
            self._cache.clear()

    @property
    def _overlay_file(self) -> Path:
        return self.root / "retail-rows.json"

    def overlays(self) -> dict[str, Any]:
        return dict(json.loads(self._overlay_file.read_text())) if self._overlay_file.exists() else {}

    def overlay(self, endpoint: str) -> Overlay:
        fields = self.overlays().get(endpoint, {})
        return Overlay(frozenset(fields.get("hidden", [])), tuple(fields.get("given", [])))

    def set_overlays(self, body: dict[str, Any]) -> None:
        """{"sales": {"hidden": [17], "given": [{"id": 17, …}]}, …}; other endpoints have no overlay."""
        if unknown := sorted(body.keys() - KEYS.keys()):
            raise RequestRejected(400, f"unknown endpoints {unknown}; known are {sorted(KEYS)}")
        for endpoint, fields in body.items():
            if not isinstance(fields, dict) or fields.keys() - {"hidden", "given"}:
                raise RequestRejected(
                    400, f"{endpoint} takes an object of lists 'hidden' and 'given', not {fields!r}"
                )
        write_atomically(self._overlay_file, json.dumps(body))
        self.clear_cache()
