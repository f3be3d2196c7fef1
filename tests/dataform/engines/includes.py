"""SQL of dataform/includes, evaluated by Node without a compilation."""

import json
import os
import subprocess
from typing import Any

from tests.dataform.engines.project import NODE, SOURCE


def evaluate_javascript(expression: str, **modules: str) -> Any:
    """The value of a JavaScript expression; `modules` are includes by the name that it uses for them."""
    required = "".join(f"const {name} = require('includes/{file}');" for name, file in modules.items())
    program = f"{required} console.log(JSON.stringify({expression}));"
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(SOURCE)}
    process = subprocess.run(
        [str(NODE), "-e", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)
