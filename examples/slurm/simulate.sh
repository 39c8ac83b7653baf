#!/bin/bash
# Simulates the data set of an experiment: an array of jobs that know nothing of each other, each with its part of the shards.
# Submitted by ./submit. A job that is preempted loses the shards that it was making, and goes on when it is requeued.
#SBATCH --job-name=neurontwin-simulate
#SBATCH --cpus-per-task=1
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@60
#SBATCH --open-mode=append
# Without it `srun` of Slurm 22.05 and later does not know how many cores the job has.
export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
# `srun` makes it a job step: Slurm's SIGTERM before a preemption reaches the program itself. No MPI, whatever the cluster's
# default is.
code=0
srun --mpi=none "${NEURONTWIN:-neurontwin}" simulate "$EXPERIMENT" --out "$RUN_FOLDER" "$@" \
  --threads "$SLURM_CPUS_PER_TASK" --shards "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" || code=$?
# Stopped by Slurm in the time of grace, or a minute before its time is over: it would count as ended. Not after scancel, which
# ends this script, too. Should all of the time go by without a step forward, it is not tried for ever.
if [ $code -eq 130 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 100 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
