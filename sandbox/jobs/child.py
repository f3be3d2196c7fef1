"""Wrapper of one attempt of a task: runs a command, and ends it when standard input closes.

The sandbox holds the other end of that pipe, so a cancelled execution, a timeout and a killed sandbox all end
the command and its child processes in the same way: SIGTERM, and SIGKILL ten seconds later, as documented at
https://cloud.google.com/run/docs/container-contract. It is started as a file, not as a module of the package,
because importing the package would take longer than most tasks.
"""

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 10
NOT_FOUND = 127  # a shell's exit code for a command that does not exist


def main() -> int:
    try:
        # A session of its own, so that a signal to its group reaches child processes, but not this wrapper.
        process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"The container's command could not be started: {error}\n")
        return NOT_FOUND
    threading.Thread(target=stop_with_input, args=(process,), daemon=True).start()
    code = process.wait()
    kill_group(process, signal.SIGKILL)  # background processes of the command
    # Popen returns -n after signal n; a shell reports 128 + n, which fits into an exit code.
    return code if code >= 0 else 128 - code


def stop_with_input(process: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    kill_group(process, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        kill_group(process, signal.SIGKILL)


def kill_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    # The group may have ended on its own before the signal.
    except ProcessLookupError:
        return


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a normal exit would wait for the thread that reads standard input
