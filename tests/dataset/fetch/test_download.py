"""Downloads that break off, go on, wait and give up."""
import hashlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from dataset.fetch.download import FetchFailed, Limits
from tests.dataset.fetch.conftest import Fetching
from tests.dataset.fetch.misbehaving import (
    CONTENT, SIZE, dripping, page, range_answered_with, reset, silent, status, whole, without_length,
    without_range)

HALF = SIZE // 2
SIZES = pytest.mark.parametrize("size", [SIZE, None])      # known before, or not


@SIZES
@pytest.mark.parametrize("reply", [whole, without_length, without_range])
def test_good_servers(fetching, reply, size):
    fetching.get(reply(CONTENT), size=size)
    assert fetching.holds(file=CONTENT) and fetching.slept == []
    file = "file (256 kB)" if size else "file"
    assert fetching.said == [f"fetching {file} from 127.0.0.1 into {fetching.folder}"]


def test_sha256_too(fetching):
    fetching.get(whole(CONTENT), checksum=f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")
    assert fetching.holds(file=CONTENT)


def test_archive_labelled_as_encoded_is_kept_as_it_is(fetching):
    fetching.get(status(200, CONTENT, Content_Encoding="x-gzip"))
    assert fetching.holds(file=CONTENT)


# ------------------------------------------------------------------------------------- breaking off, going on

@SIZES
def test_cut_in_the_middle_goes_on(fetching, size):
    fetching.get(whole(CONTENT, HALF), whole(CONTENT), size=size)
    assert fetching.holds(file=CONTENT) and len(fetching.slept) == 1
    assert fetching.ranges() == [None, f"bytes={HALF}-"]


def test_cut_of_a_reply_that_does_not_tell_its_length_goes_on(fetching):
    fetching.get(without_length(CONTENT[:HALF]), whole(CONTENT))
    assert fetching.holds(file=CONTENT) and fetching.ranges() == [None, f"bytes={HALF}-"]


def test_reset_in_the_middle_goes_on(fetching):            # from wherever: it loses bytes on their way
    fetching.get(whole(CONTENT, HALF, reset), whole(CONTENT))
    assert fetching.holds(file=CONTENT) and len(fetching.slept) == 1


def test_part_of_an_earlier_run_goes_on(fetching):
    (fetching.folder / "file.part").write_bytes(CONTENT[:HALF])
    fetching.get(whole(CONTENT))
    assert fetching.holds(file=CONTENT) and fetching.ranges() == [f"bytes={HALF}-"]


@SIZES
def test_part_that_is_whole_is_only_checked(fetching, size):
    (fetching.folder / "file.part").write_bytes(CONTENT)
    fetching.get(whole(CONTENT), size=size)
    assert fetching.holds(file=CONTENT) and fetching.slept == []
    assert fetching.ranges() == ([] if size else [f"bytes={SIZE}-"])


@SIZES
@pytest.mark.parametrize("length", [HALF, SIZE, SIZE + 7])
def test_part_of_something_else_is_fetched_anew(fetching, size, length):
    (fetching.folder / "file.part").write_bytes(b"x" * length)
    fetching.get(whole(CONTENT), size=size)
    assert fetching.holds(file=CONTENT) and fetching.ranges()[-1] is None


def test_more_breaks_than_tries_as_long_as_something_comes(fetching):
    step = SIZE // 10
    fetching.get(*(whole(CONTENT, step * n) for n in range(1, 11)))
    assert fetching.holds(file=CONTENT) and max(fetching.slept) <= 1


def test_breaks_without_end_are_given_up(fetching):
    with pytest.raises(FetchFailed, match=r"^127.0.0.1 broke off in the middle \(3 times in a row\)$"):
        fetching.get(whole(CONTENT, HALF))
    assert fetching.holds(part=CONTENT[:HALF])


def test_next_source_goes_on_where_the_last_one_broke_off(fetching):
    fetching.get(whole(CONTENT, HALF), status(404), others=[[whole(CONTENT)]])
    assert fetching.holds(file=CONTENT) and fetching.server.asked[-1] == ("/1", f"bytes={HALF}-")


def test_range_ignored_starts_again(fetching):
    fetching.get(whole(CONTENT, HALF), without_range(CONTENT))
    assert fetching.holds(file=CONTENT) and fetching.ranges() == [None, f"bytes={HALF}-"]


@pytest.mark.parametrize("content_range", [
    "", "bytes", f"bytes 7-{SIZE - 1}/{SIZE}", f"bytes {HALF}-{SIZE}/{SIZE + 1}",
    f"bytes {'9' * 30}-1/2"])
def test_range_answered_wrongly_starts_again(fetching, content_range):
    fetching.get(whole(CONTENT, HALF), range_answered_with(CONTENT[HALF:], content_range), whole(CONTENT))
    assert fetching.holds(file=CONTENT) and fetching.ranges() == [None, f"bytes={HALF}-", None]


def test_rest_of_another_file_starts_again(fetching):
    fetching.get(whole(CONTENT, HALF), whole(CONTENT[:HALF] + bytes(HALF)), whole(CONTENT))
    assert fetching.holds(file=CONTENT) and fetching.ranges() == [None, f"bytes={HALF}-", None]


# ---------------------------------------------------------------------------------------------------- waiting

@pytest.mark.parametrize("trouble, shortest, longest", [
    (silent, 0.5, 1), (reset, 0.5, 1), (status(503), 0.5, 1), (status(500), 0.5, 1),
    (page("<html>busy", 502), 0.5, 1), (status(429, Retry_After="7"), 7, 7),
    (status(503, Retry_After="soon"), 0.5, 1)])
def test_momentary_troubles_pass(fetching, trouble, shortest, longest):
    fetching.get(trouble, whole(CONTENT))
    assert fetching.holds(file=CONTENT)
    assert len(fetching.slept) == 1 and shortest <= fetching.slept[0] <= longest


def test_retry_after_a_date(fetching):
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=60), usegmt=True)
    fetching.get(status(429, Retry_After=date), whole(CONTENT))
    assert 30 < fetching.slept[0] <= 60


def test_retry_after_too_long_is_another_source(fetching):
    fetching.get(status(429, Retry_After="3600"), others=[[whole(CONTENT)]])
    assert fetching.holds(file=CONTENT) and fetching.slept == []


def test_back_off_grows_up_to_a_limit_and_varies(server, tmp_path):
    fetching = Fetching(server, tmp_path / "folder", Limits(tries=9, wait=50))
    with pytest.raises(FetchFailed, match=r"is busy \(503\) \(9 times in a row\)"):
        fetching.get(status(503))
    shares = [seconds / min(50, 2 ** number) for number, seconds in enumerate(fetching.slept)]
    assert len(set(shares)) == 8 and all(0.5 <= share <= 1 for share in shares)


def test_stall_in_the_middle_goes_on(fetching):
    fetching.get(whole(CONTENT, HALF, silent), whole(CONTENT))
    assert fetching.holds(file=CONTENT) and fetching.ranges() == [None, f"bytes={HALF}-"]
    assert fetching.said[1].startswith("127.0.0.1 stopped sending: trying again")


def test_dripping_is_a_stall(server, tmp_path):
    fetching = Fetching(server, tmp_path / "folder", real=True)
    fetching.get(whole(CONTENT, HALF, dripping), without_range(CONTENT))
    assert fetching.holds(file=CONTENT)
    assert fetching.said[1].startswith("127.0.0.1 sends hardly anything: trying again")


@pytest.mark.parametrize("reply", [status(503), whole(CONTENT, HALF, dripping)])
def test_total_limit(server, tmp_path, reply):
    fetching = Fetching(server, tmp_path / "folder", Limits(total=3, tries=99, stall=99, slowest=0))
    fetching.downloader.clock = iter(range(1000)).__next__
    with pytest.raises(FetchFailed, match="did not send it within 0.000833 hours$"):
        fetching.get(reply, others=[[whole(CONTENT)]])
    assert {path for path, _ in server.asked} == {"/0"}
