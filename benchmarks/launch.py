"""Starts a command and writes down what it took: python -I -S launch.py FILE COMMAND…

A process of its own, and a small one: Linux counts the memory of whoever starts a process to that process's
peak."""

import os
import sys
import time

if __name__ == "__main__":
    file, *command = sys.argv[1:]
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begin
    taken = (os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    with open(file, "w") as told:  # noqa: PTH123 - pathlib would be another megabyte
        print(*taken, file=told)
