"""A real Slurm, of its own in a temporary folder, runs examples/slurm from end to end."""
import os
import re
import shutil
import socket
import subprocess
import unittest

from mpi_test import with_mpi
from support import EXPERIMENT, PROGRAM, ROOT, SLOW, InTemporaryFolder, command, metrics, wait_until

DAEMONS = [shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin") for name in ("munged", "slurmctld", "slurmd")]
SETTINGS = {"data.trial_ms": 1000, "data.train_trials": 60, "data.valid_trials": 10, "data.test_trials": 20,
            "data.trials_per_shard": 6, "train.epochs": 3, "train.steps_per_epoch": 200, "train.window_ms": 400, "train.batch_windows": 64,
            "train.checkpoint_every_s": 1000, "evaluate.bootstrap_resamples": 20, "evaluate.generalisation.trials": 2,
            "evaluate.glm_passes": 5, "interpret.moments": 16, "interpret.attributed_spikes": 0, "interpret.added_spikes": 0}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def configuration(folder, host):
    """One node that says it has four cores; whoever comes to the partition `urgent` has the node, and those before are requeued
    after a time of grace."""
    return f"""
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=6
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MpiDefault=pmi2
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=usual Nodes={host} Default=YES PriorityTier=1 GraceTime=20 MaxTime=60
PartitionName=urgent Nodes={host} PriorityTier=10 PreemptMode=OFF MaxTime=60
"""


@unittest.skipUnless(SLOW, "takes minutes: ./test --slow")
@unittest.skipUnless(all(DAEMONS), "Slurm or munge is missing")
@unittest.skipUnless(os.geteuid() == 0, "only root may start a Slurm")
@unittest.skipUnless(with_mpi(), "mpirun is missing, or the program was built without MPI")
class ASlurmCluster(InTemporaryFolder):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"), "NEURONTWIN": PROGRAM,
                            "SBATCH_TIMELIMIT": "10"}
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        (self.folder / "slurm.conf").write_text(configuration(self.folder, socket.gethostname().split(".")[0]))
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o400)
        munged, slurmctld, slurmd = DAEMONS
        self.start(munged, "--foreground", "--force", f"--key-file={self.folder}/munge.key", f"--socket={self.folder}/munge.socket",
                   f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged.log",
                   f"--seed-file={self.folder}/munged.seed")
        wait_until((self.folder / "munge.socket").exists, timeout_s=20)
        self.start(slurmctld, "-D", "-i")
        self.start(slurmd, "-D")
        self.addCleanup(self.end_jobs)  # before the daemons, which would leave them
        wait_until(lambda: "idle" in self.slurm("sinfo", "--noheader", "--format=%T", check=False), timeout_s=60)

    def end_jobs(self):
        self.slurm("scancel", "--user=root", check=False)
        wait_until(lambda: self.slurm("squeue", "--noheader", check=False) == "", timeout_s=60)

    def start(self, *words):
        daemon = subprocess.Popen(words, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def stop():
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.addCleanup(stop)

    def slurm(self, *words, check=True):
        done = subprocess.run([str(w) for w in words], env=self.environment, capture_output=True, text=True, timeout=60)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def state_of(self, job):
        return set(re.findall(r"JobState=(\w+)", self.slurm("scontrol", "show", "job", job, check=False)))

    def log_of(self, out):
        return "\n".join(f"{log.name}: {log.read_text()}" for log in sorted(out.glob("slurm-*.log")))

    def wait_for(self, job, state, out, timeout_s):
        try:
            wait_until(lambda: self.state_of(job) == {state}, timeout_s=timeout_s)
        except AssertionError as late:
            self.fail(f"{late}; job {job} is {self.state_of(job)}\n{self.log_of(out)}")

    def test_starts_tasks_of_any_kind(self):
        """Open MPI here knows no PMI2; of one task it is not asked."""
        words = [*command("simulate", settings=SETTINGS), "--threads", "1"]
        self.slurm("srun", "--mpi=pmi2", "--ntasks=1", *words, "--out", self.folder / "one")
        strangers = subprocess.run(["srun", "--mpi=none", "--ntasks=2", *words, "--out", self.folder / "two"], env=self.environment,
                                   capture_output=True, text=True, timeout=60)
        self.assertEqual(strangers.stderr.count("one of 2 tasks of Slurm that do not know of each other"), 1, strangers.stderr)

    def test_refuses_what_is_wrong_before_it_submits(self):
        words = [ROOT / "examples/slurm/submit", EXPERIMENT, self.folder / "run", "3", "2", "--set", "data.trial_ms=-4"]
        done = subprocess.run([str(w) for w in words], env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("expected from 2 to 10000000", done.stderr)
        self.assertEqual(self.slurm("squeue", "--noheader"), "")

    def test_runs_the_example_to_its_end_though_it_is_preempted(self):
        out = self.folder / "run"
        options = command(settings=SETTINGS, experiment=EXPERIMENT)[3:]
        words = self.slurm(ROOT / "examples/slurm/submit", EXPERIMENT, out, 3, 2, *options)
        simulating, running = words.split()
        self.wait_for(simulating, "COMPLETED", out, 120)
        self.assertTrue((out / "dataset/test-0003.h5").exists())
        self.wait_for(running, "RUNNING", out, 60)
        wait_until((out / "checkpoints").exists, timeout_s=60)
        urgent = self.slurm("sbatch", "--parsable", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 3").strip()
        self.wait_for(urgent, "COMPLETED", out, 120)
        self.assertIn("stopped while training; run the same command again to go on", self.log_of(out))
        self.assertTrue((out / "checkpoints/last.safetensors").exists())
        self.wait_for(running, "COMPLETED", out, 600)
        self.assertIn("simulate: 0 trials", self.log_of(out))
        undisturbed = self.folder / "undisturbed"
        self.succeed(["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", *command(out=undisturbed, settings=SETTINGS),
                      "--threads", "1"])
        self.assertEqual(metrics(out), metrics(undisturbed))


if __name__ == "__main__":
    unittest.main()
