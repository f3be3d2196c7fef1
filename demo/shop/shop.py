"""What the retail API shows now: the catalog as far as the clock has come, with the overlay over it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from demo.shop import files
from demo.shop.catalog import Catalog
from demo.shop.clock import Clock
from demo.shop.errors import Refused
from demo.shop.faults import Faults
from demo.shop.keys import Keys
from demo.shop.rows import KEYS, Overlay, Rows


@dataclass
class Shop:
    """State of one sandbox's retail API; its files lie in `root`, its faults are forgotten at a restart."""

    root: Path
    catalog: Catalog = field(default_factory=Catalog)
    faults: Faults = field(default_factory=Faults)
    _shown: dict[str, Rows] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def clock(self) -> Clock:
        return Clock(self.root / "retail-clock")

    @cached_property
    def keys(self) -> Keys:
        keys = Keys(self.root)
        keys.load()
        return keys

    def rows(self, endpoint: str) -> Rows:
        with self._lock:
            if endpoint not in self._shown:
                self._shown[endpoint] = self.overlay(endpoint).over(self._base(endpoint), endpoint)
            return self._shown[endpoint]

    def first_sale(self, since: datetime) -> int:
        self.rows("sales")
        return self.catalog.first_sale(since)

    def _base(self, endpoint: str) -> Rows:
        if endpoint == "sales":
            return self.catalog.sales(self.clock.now())
        return self.catalog.products if endpoint == "products" else self.catalog.customers

    def changed(self) -> None:
        """After the clock or an overlay moved: what was shown is looked up again."""
        with self._lock:
            self._shown.clear()

    @property
    def _overlay_file(self) -> Path:
        return self.root / "retail-rows.json"

    def overlays(self) -> dict[str, Any]:
        return dict(json.loads(self._overlay_file.read_text())) if self._overlay_file.exists() else {}

    def overlay(self, endpoint: str) -> Overlay:
        told = self.overlays().get(endpoint, {})
        return Overlay(frozenset(told.get("hidden", [])), tuple(told.get("given", [])))

    def set_overlays(self, body: dict[str, Any]) -> None:
        """{"sales": {"hidden": [17], "given": [{"id": 17, …}]}, …}; what is not named shows as it is."""
        if unknown := sorted(body.keys() - KEYS.keys()):
            raise Refused(400, f"unknown endpoints {unknown}; known are {sorted(KEYS)}")
        for endpoint, told in body.items():
            if not isinstance(told, dict) or told.keys() - {"hidden", "given"}:
                raise Refused(400, f"{endpoint} takes an object of lists 'hidden' and 'given', not {told!r}")
        files.write(self._overlay_file, json.dumps(body))
        self.changed()
