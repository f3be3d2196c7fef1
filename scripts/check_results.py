"""python -m scripts.check_results: exit code 1 unless every job that this one needs succeeded.

Reads NEEDS, the JSON of GitHub's context `needs`. A skipped job counts as a failure, except plan, rehearsal and
comment, which are skipped for a fork. Uses the standard library only: it runs before anything is installed.
"""

import json
import os
import sys

MAY_BE_SKIPPED = {"comment", "plan", "rehearse"}


def main() -> None:
    results = {name: job["result"] for name, job in json.loads(os.environ.get("NEEDS") or "{}").items()}
    failed = failures(results)
    print(*(f"{name}: {result}" for name, result in sorted(results.items())), sep="\n")
    # Without results the workflow is wrong, which must not count as a success.
    if failed or not results:
        sys.exit(f"check_results: not successful: {', '.join(failed) or 'no job is known'}")


def failures(results: dict[str, str]) -> list[str]:
    return [
        f"{name} ({result})"
        for name, result in sorted(results.items())
        if result != "success" and not (result == "skipped" and name in MAY_BE_SKIPPED)
    ]


if __name__ == "__main__":
    main()
