"""One attempt of a task: runs a command, and ends it and all that it started when standard input closes.

The sandbox holds the other end of that pipe, so a cancelled execution, a timeout and a killed sandbox end the
command alike: SIGTERM, and SIGKILL ten seconds later, as the container contract of Cloud Run says. Started as
a file of its own, not as a module of the package: it must cost nothing.
"""

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 10
NOT_FOUND = 127  # what a shell answers for a command that does not exist


def main() -> int:
    try:
        process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"The container's command could not be started: {error}\n")
        return NOT_FOUND
    threading.Thread(target=end_with_input, args=(process,), daemon=True).start()
    code = process.wait()
    end(process, signal.SIGKILL)  # what the command left running in its group
    return code if code >= 0 else 128 - code


def end_with_input(process: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    end(process, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        end(process, signal.SIGKILL)


def end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    try:
        os.killpg(process.pid, how)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the thread that reads standard input may never return
