"""Files that are written completely or not at all."""
import contextlib
import os
import secrets
from pathlib import Path


@contextlib.contextmanager
def atomic_write(path):
    """A binary file, open for writing and reading, that becomes `path` when the block ends well.

    Until then it stands beside `path` under a name of its own. An exception removes it and leaves what was at
    `path` before. Makes the parent folder. Raises OSError as it comes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):       # renamed, or never made
            part.unlink()
