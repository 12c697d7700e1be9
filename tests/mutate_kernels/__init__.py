"""The mutation check: a barrier, a wait or a bounds test that no test misses is either not tested or not
needed.

    python -m tests.mutate_kernels                       # every mutant of every kernel file
    python -m tests.mutate_kernels --file latent.cu      # of some files
    python -m tests.mutate_kernels --kind barrier wait   # of some kinds
    python -m tests.mutate_kernels --list                # what would be changed

Exit status: 0 where the tests notice all but the known equivalent ones, 1 where not.
"""
