"""python -m tests.dataset.slow_work FOLDER: two processes note their ids in FOLDER and go on for a minute."""
import functools
import os
import sys
import time
from pathlib import Path

from dataset.parallel import in_parallel


def work(folder, job):
    Path(folder, str(os.getpid())).touch()
    time.sleep(60)


if __name__ == "__main__":
    list(in_parallel(functools.partial(work, sys.argv[1]), range(4), workers=2, processes=True))
