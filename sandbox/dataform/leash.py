"""python leash.py COMMAND…: runs a command that ends when whoever started it is gone.

The starter holds the other end of stdin. When that closes, on purpose or because the starter was killed, the
command gets SIGINT, on which the Dataform CLI cancels its queries, and five seconds later SIGKILL.
"""

import os
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 5.0


def main() -> int:
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=end_with_stdin, args=(command,), daemon=True).start()
    return command.wait()


def end_with_stdin(command: subprocess.Popen[bytes]) -> None:
    # Not sys.stdin: a thread that waits in it when the interpreter ends is a fatal error.
    os.read(0, 1)
    os.killpg(command.pid, signal.SIGINT)
    try:
        command.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(command.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
