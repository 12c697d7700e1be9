"""The mutation check: what happens when a barrier, a wait, a fence or a bounds test is taken out of a kernel,
or when a barrier or an asynchronous copy is moved over what stands beside it?

Each is changed in turn. Where no test fails then, it is either not tested or not needed where it is.

    python -m tests.mutate_kernels                       # every mutant of every kernel file
    python -m tests.mutate_kernels --file latent.cu      # of some files
    python -m tests.mutate_kernels --kind barrier wait   # of some kinds
    python -m tests.mutate_kernels --list                # what would be changed

Exit status: 0 where the tests notice all but the known equivalent ones, 1 where not.
"""
