"""Ranks on several hosts: network namespaces with addresses of their own, between which Open MPI talks over TCP. One is cut off."""
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

import h5py

from mpi_test import DATA, MPIRUN, with_mpi
from support import PROGRAM, SLOW, InTemporaryFolder, command, end, wait_until

HOSTS = 3
# Open MPI looks whether other hosts are still there; by its own settings that takes minutes (docs/cluster.md).
WATCHFUL = ["--mca", "oob_tcp_keepalive_time", "2", "--mca", "oob_tcp_keepalive_intvl", "1", "--mca", "oob_tcp_keepalive_probes", "3"]
TRAINING = {**DATA, "train.epochs": 3, "train.steps_per_epoch": 300, "train.checkpoint_every_s": 1}


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30)


def why_not():
    """Why there can be no hosts here; empty: there can be."""
    if not with_mpi():
        return "mpirun is missing, or the program was built without MPI"
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return "ip or unshare is missing"
    name = f"nt-{os.getpid()}-try"
    tried = ip("netns", "add", name)
    if tried.returncode != 0:
        return f"network namespaces are not permitted here: {tried.stderr.strip()}"
    try:
        tried = ip("-n", name, "link", "add", "veth0", "type", "veth", "peer", "name", "veth1")
        return "" if tried.returncode == 0 else f"veth pairs are not permitted here: {tried.stderr.strip()}"
    finally:
        ip("netns", "del", name)


WHY_NOT = why_not()


@unittest.skipUnless(SLOW, "takes a minute: ./test --slow")
@unittest.skipIf(WHY_NOT, WHY_NOT)
class SeveralHosts(InTemporaryFolder):
    """A switch, in a namespace of its own, and hosts on its ports; host 1 is where mpirun is started."""

    def setUp(self):
        super().setUp()
        self.prefix = f"nt-{os.getpid()}"
        switch = self.namespace("switch")
        self.ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        self.ip("-n", switch, "link", "set", "bridge", "up")
        for host in range(1, HOSTS + 1):
            name = self.namespace(f"host{host}")
            self.ip("-n", switch, "link", "add", f"port{host}", "type", "veth", "peer", "name", "eth0", "netns", name)
            self.ip("-n", switch, "link", "set", f"port{host}", "master", "bridge", "up")
            self.ip("-n", name, "addr", "add", f"10.77.0.{host}/24", "dev", "eth0")
            self.ip("-n", name, "link", "set", "eth0", "up")
        agent = self.folder / "agent"  # in the place of ssh: HOST COMMAND
        agent.write_text(f"""#!/bin/sh
number=${{1##*.}}; shift
exec ip netns exec {self.prefix}-host$number unshare --uts sh -c 'hostname "$0"; exec sh -c "$1"' host$number "$*"
""")
        agent.chmod(0o755)
        self.agent = agent

    def namespace(self, name):
        name = f"{self.prefix}-{name}"
        self.ip("netns", "add", name)
        self.addCleanup(ip, "netns", "del", name)
        self.ip("-n", name, "link", "set", "lo", "up")
        return name

    def ip(self, *words):
        done = ip(*words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def start(self, words):
        hosts = ",".join(f"10.77.0.{host}:1" for host in range(1, HOSTS + 1))
        mpirun = [MPIRUN, "--allow-run-as-root", "-n", str(HOSTS), "--host", hosts, "--bind-to", "none", *WATCHFUL,
                  "--mca", "plm_rsh_agent", str(self.agent), "--mca", "btl", "tcp,self", "--mca", "pml", "ob1",
                  "--mca", "btl_tcp_if_include", "10.77.0.0/24", "--mca", "oob_tcp_if_include", "10.77.0.0/24"]
        inside = ["ip", "netns", "exec", f"{self.prefix}-host1", "unshare", "--uts", "sh", "-c", 'hostname host1; exec "$@"', "sh"]
        job = subprocess.Popen([*inside, *mpirun, *words, "--threads", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
        self.addCleanup(end, job)
        return job

    def succeed_on_hosts(self, words):
        job = self.start(words)
        _, message = job.communicate(timeout=300)
        self.assertEqual(job.returncode, 0, message)
        return message

    def processes_on(self, host):
        pids = ip("netns", "pids", f"{self.prefix}-host{host}").stdout.split()
        return [pid for pid in pids if self.command_of(pid).split(b"\0")[0] == PROGRAM.encode()]

    @staticmethod
    def command_of(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read()
        except OSError:
            return b""

    def cut_off(self, host, state="down"):
        self.ip("-n", f"{self.prefix}-switch", "link", "set", f"port{host}", state)

    def assert_ends_with_a_clear_error(self, job):
        cut = time.monotonic()
        self.cut_off(3)
        _, message = job.communicate(timeout=60)
        self.assertLess(time.monotonic() - cut, 30, message)
        self.assertNotEqual(job.returncode, 0)
        self.assertTrue(re.search(r"lost communication with a remote daemon|no longer answers", message), message)
        wait_until(lambda: not any(self.processes_on(host) for host in range(1, HOSTS + 1)), timeout_s=30)
        self.cut_off(3, "up")
        wait_until(lambda: all(self.reaches_the_first(host) for host in range(2, HOSTS + 1)), timeout_s=30)

    def reaches_the_first(self, host):
        """Nobody listens there: to be refused is to have been heard."""
        connect = """
import socket
try:
    socket.create_connection(("10.77.0.1", 9), timeout=1)
except ConnectionRefusedError:
    print("heard")
except OSError:
    pass
"""
        words = ["ip", "netns", "exec", f"{self.prefix}-host{host}", sys.executable, "-c", connect]
        return "heard" in subprocess.run(words, capture_output=True, text=True, timeout=10).stdout

    def test_simulate_and_train_and_go_on_after_one_was_cut_off(self):
        out = self.folder / "out"
        settings = {**TRAINING, "data.train_trials": 3000, "data.trial_ms": 3000}
        job = self.start(command("simulate", out, settings=settings))
        wait_until((out / "dataset/train-0005.h5").exists, job)
        self.assertTrue(all(len(self.processes_on(host)) == 1 for host in range(1, HOSTS + 1)))
        self.assert_ends_with_a_clear_error(job)
        made = {file.name: file.stat().st_mtime_ns for file in (out / "dataset").glob("*.h5")}
        self.succeed_on_hosts(command("simulate", out, settings=settings))
        for name, then in made.items():
            self.assertEqual((out / "dataset" / name).stat().st_mtime_ns, then, name)
        with h5py.File(out / "dataset/train-0749.h5") as shard:
            self.assertEqual(shard.attrs["duration_ms"], 3000)
        job = self.start(command("train", out, settings=settings))
        wait_until((out / "checkpoints/last.safetensors").exists, job)
        self.assert_ends_with_a_clear_error(job)
        message = self.succeed_on_hosts(command("train", out, settings=settings))
        self.assertIn("3 epochs", message)


if __name__ == "__main__":
    unittest.main()
