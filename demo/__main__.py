"""python -m demo: the whole flow on this machine. Exit code 0 only if every number is right."""

import argparse
import signal
import sys
from pathlib import Path

from demo.screen import Screen
from demo.story import tell
from sandbox.errors import SandboxError


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(".sandbox/demo"), help="its folder, emptied first")
    arguments = parser.parse_args()
    # A polite kill ends what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        tell(arguments.root.resolve(), Screen())
    except SandboxError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("demo: stopped; the jobs that it had started end within ten seconds")


if __name__ == "__main__":
    main()
