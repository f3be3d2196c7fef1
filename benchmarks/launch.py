"""Start a command and write its measurements to a file: python -I -S launch.py FILE COMMAND…

A separate small process, because Linux counts the memory of the parent to the peak of the started process.
"""

import os
import sys
import time

if __name__ == "__main__":
    file, *command = sys.argv[1:]
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    # wait4 returns the usage of this child only; getrusage(RUSAGE_CHILDREN) has the greatest peak of all children.
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begin
    # ru_maxrss is in KiB on Linux.
    taken = (os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    with open(file, "w") as output:  # noqa: PTH123 - pathlib would be another megabyte
        print(*taken, file=output)
