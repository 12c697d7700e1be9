"""What is said of pictures that cannot be used, or hardly."""
from dataset.errors import DataError
from dataset.source import counted, some

NAMED = 50                       # broken pictures of one kind in a message
MOST_SKIPPED = 10                # broken pictures may be left out where they are at most one in so many


def check_broken(broken, count, path, skip_broken):
    """Raises DataError, which names all broken pictures, unless they may be left out.

    broken       {name: why it cannot be used}
    count        of all pictures, these among them
    skip_broken  whether they may be left out, up to a tenth of all
    """
    if not broken or (skip_broken and MOST_SKIPPED * len(broken) <= count):
        return
    by_reason = {}
    for name in sorted(broken):
        by_reason.setdefault(broken[name], []).append(name)
    listed = "; ".join(f"{why}: {some(names, NAMED)}" for why, names in by_reason.items())
    advice = ("more than a tenth: replace or remove them" if skip_broken
              else "replace or remove them, or leave them out with --skip-broken")
    raise DataError(f"{path}: {len(broken):,} of {count:,} pictures cannot be used: {advice}: {listed}")


def picture_notes(broken, cached, size):
    """Lines about pictures: those left out, and what there is to say of `cached` (dataset.cache.Cached)."""
    if any(part.damaged for part in cached):
        yield "a damaged file in the image cache was found and made again"
    if broken:
        left_out = counted(len(broken), "broken picture is", "broken pictures are")
        yield f"{left_out} left out: {some(sorted(broken))}"
    if enlarged := sum(part.enlarged for part in cached):
        smaller = counted(enlarged, "image is", "images are")
        yield f"{smaller} smaller than {size} x {size} and enlarged: they look soft"
