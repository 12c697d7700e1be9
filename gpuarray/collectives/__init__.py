"""Training on several processes: what they must add up, as one object that is chosen once, like the device.

Each process of a group has a slice of every batch (`part`). Sums over the batch then are sums over the
processes, and everything else stays where it is. `ALONE` is the group of one process, which has the whole
batch: its sums do nothing and cost nothing.

    group.sum(array)          add up over all processes, in place, on every process to the same bits
    group.begin_sum(array)    the same beside what the process does next, up to group.finish()
    group.whole(n)            images (rows, numbers) of the whole batch where this process has n of them
    group.before(n)           how many of them lie before its own
    group.moments(...)        mean and variance over the whole batch from those of this process's part
    group.following(array)    the row of the whole batch that follows this process's own

Arrays travel through a communicator: MPI for those in the computer's memory (gpuarray.collectives.mpi), NCCL
for those on GPUs (gpuarray.collectives.nccl).
"""
from gpuarray.collectives.group import ALONE, Group
