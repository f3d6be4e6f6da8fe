"""Starts a program and writes down what it took: `python -I -S parent.py REPORT PROGRAM ARGS`.

A process begins with the peak memory of the one that starts it, so that has to be a small one.
"""

import os
import sys
import time

report, *argv = sys.argv[1:]
began = time.perf_counter()
child = os.posix_spawn(argv[0], argv, dict(os.environ))
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - began
cpu = usage.ru_utime + usage.ru_stime
code = os.waitstatus_to_exitcode(status)
with open(report, "w") as file:
    file.write(f"{code} {cpu!r} {wall!r} {usage.ru_maxrss / 1024!r}")
