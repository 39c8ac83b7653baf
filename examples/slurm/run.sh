#!/bin/bash
# The rest of the run: looks whether the data set is whole, trains, evaluates and interprets on all ranks, and reports on the first.
# Submitted by ./submit. A job that is preempted writes a checkpoint, and goes on from there when it is requeued, with as many
# ranks as it then has.
#SBATCH --job-name=neurontwin-run
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=1
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@60
#SBATCH --open-mode=append
export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
code=0
srun --mpi=pmix "${NEURONTWIN:-neurontwin}" run "$EXPERIMENT" --out "$RUN_FOLDER" "$@" --threads "$SLURM_CPUS_PER_TASK" || code=$?
# Stopped by Slurm in the time of grace, or a minute before its time is over: it would count as ended. Not after scancel, which
# ends this script, too. Should all of the time go by without a step forward, it is not tried for ever.
if [ $code -eq 130 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 100 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
