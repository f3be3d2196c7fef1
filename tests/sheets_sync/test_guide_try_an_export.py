"""The commands of docs/guides/try-an-export.md work as they are written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox import environment

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/try-an-export.md").read_text()


def test_an_export_is_tried_as_the_guide_describes(cloud, tmp_path):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, NUMERIC '12.50' AS revenue"
    )
    shutil.copytree(
        ROOT / "sheets_sync", tmp_path / "sheets_sync", ignore=shutil.ignore_patterns("__pycache__")
    )
    [declared] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "sheets_sync/exports/try_sales.yaml").write_text(declared)
    variables = environment.clients(cloud.state, cloud.state.identity("developer"))
    lines = [f"export {name}='{value}'" for name, value in variables.items()]
    (tmp_path / ".sandbox").mkdir()
    (tmp_path / ".sandbox/env").write_text("\n".join(lines))
    commands = "\n".join(re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL))
    done = subprocess.run(
        ["bash", "-eu", "-c", commands.replace("python -m", f"{sys.executable} -m")],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "  inserted       1  2017-01-01" in done.stdout
    assert "1 inserted, 0 updated" in done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"{cloud.state.address}/sheets/view/")
