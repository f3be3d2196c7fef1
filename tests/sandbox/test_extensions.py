"""Extensions: modules that add routes and job variables to the sandbox."""

from types import ModuleType

import pytest
import requests

from sandbox.errors import CannotStart
from sandbox.extensions import collect_variables, load_extension
from sandbox.process import running
from sandbox.state import State

MODULE = """
from starlette.responses import PlainTextResponse
from starlette.routing import Route

def routes(state):
    return [Route("/weather/today", lambda request: PlainTextResponse(state.project))]

def job_variables(state):
    return {"WEATHER_URL": f"{state.address}/weather"}
"""


def test_an_extension_serves_routes_and_sets_variables(tmp_path, monkeypatch):
    (tmp_path / "weather_extension.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with running(tmp_path / "root", "--extension", "weather_extension") as state:
        assert state.job_variables == {"WEATHER_URL": f"{state.address}/weather"}
        assert requests.get(f"{state.address}/weather/today", timeout=10).text == state.project
        assert f"export WEATHER_URL={state.address}/weather" in (state.root / "env").read_text()


def test_an_unknown_module_is_named():
    with pytest.raises(CannotStart, match="cannot import extension 'no_such_module'"):
        load_extension("no_such_module")


def test_a_module_without_the_functions_is_named():
    with pytest.raises(CannotStart, match="'json' has no function routes and job_variables"):
        load_extension("json")


def test_variables_of_all_extensions_are_combined(tmp_path):
    first, second = ModuleType("first"), ModuleType("second")
    vars(first)["job_variables"] = lambda state: {"FIRST_URL": state.address}
    vars(second)["job_variables"] = lambda state: {"SECOND_URL": state.address}
    state = State(tmp_path, 1)
    assert collect_variables(state, [first, second]) == {
        "FIRST_URL": state.address,
        "SECOND_URL": state.address,
    }
