#!/usr/bin/env python3
"""Runs a command and says how much memory it held at most: of its own, and with the mapped files that the system keeps in its page cache.
peak_memory.py COMMAND [ARGUMENT...]"""
import subprocess
import sys
import time

process = subprocess.Popen(sys.argv[1:])
own_kib = resident_kib = 0
while process.poll() is None:
    try:
        with open(f"/proc/{process.pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        own_kib = max(own_kib, int(fields["RssAnon"].split()[0]))
        resident_kib = max(resident_kib, int(fields["VmHWM"].split()[0]))
    except (FileNotFoundError, ProcessLookupError, KeyError):  # it has just ended
        pass
    time.sleep(0.02)
print(f"own memory at most {own_kib / 1024:.0f} MiB, with mapped files {resident_kib / 1024:.0f} MiB")
sys.exit(process.returncode)
