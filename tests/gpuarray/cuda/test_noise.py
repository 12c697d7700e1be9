import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cpu.noise import philox
from gpuarray.cuda.runtime import empty, launch
from tests.gpuarray.check import assert_close


def words_on_device(cuda, count, stream, counter, seed):
    counter = cuda.to_device(np.array([counter], np.uint64))
    out = empty((4 * count,), np.uint32, counter)
    launch(counter, "noise.cu", "philox_words", (2,), (32,),
           (out, np.int32(count), np.uint32(stream), counter, np.uint64(seed)))
    return cuda.to_host(out)


def test_the_generators_own_test_vectors(cuda):
    """Philox4x32-10 of Random123 (kat_vectors): all counter and key bits zero, and all one."""
    assert words_on_device(cuda, 1, 0, 0, 0).tolist() == [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]
    ones = [np.array([0xffffffff], np.uint64)] * 4
    words = philox(ones, (0xffffffff, 0xffffffff))
    assert [int(word[0]) for word in words] == [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]


@pytest.mark.parametrize("stream, counter, seed", [
    (0, 0, 1), (1, 7, 2**63 + 12345), (2**32 - 1, 2**64 - 3, 2**64 - 1)])
def test_integers_are_those_of_the_numpy_backend_bit_for_bit(cuda_any_order, stream, counter, seed):
    low, high = counter & 0xffffffff, counter >> 32
    index = np.arange(37, dtype=np.uint64)
    words = (index, *(np.full_like(index, word) for word in (stream, low, high)))
    wanted = np.stack(philox(words, (seed & 0xffffffff, seed >> 32)), axis=1)
    assert (words_on_device(cuda_any_order, 37, stream, counter, seed).reshape(37, 4) == wanted).all()


@pytest.mark.parametrize("shape", [(1,), (3, 5), (64, 128)], ids=str)
def test_numbers_are_those_of_the_numpy_backend(cuda_any_order, shape):
    for counter, stream in ((0, 0), (2**40 + 3, 1)):
        there = cuda_any_order.to_device(np.array([counter], np.uint64))
        noise = cuda_any_order.to_host(ga.normal(shape, 2**35 + 11, there, stream))
        assert_close(noise, ga.normal(shape, 2**35 + 11, np.array([counter], np.uint64), stream), 1e-6)


def test_numbers_are_normal(cuda):
    noise = np.sort(cuda.to_host(ga.normal((20000,), 5, cuda.to_device(np.zeros(1, np.uint64)))))
    assert abs(noise.mean()) < 0.03 and abs(noise.std() - 1) < 0.02
    assert abs(np.mean(noise < 1) - 0.8413) < 0.01 and abs(np.mean(noise < -2) - 0.0228) < 0.004


def test_counter_and_streams_give_other_numbers_and_advance_moves_the_counter(cuda):
    counter = cuda.to_device(np.array([2**32 - 1], np.uint64))
    first, other_stream = (cuda.to_host(ga.normal((8,), 1, counter, stream)) for stream in (0, 1))
    ga.advance(counter)
    assert cuda.to_host(counter) == [2**32]
    assert not np.isin(cuda.to_host(ga.normal((8,), 1, counter)), [first, other_stream]).any()
    assert not np.isin(first, other_stream).any()


@pytest.mark.parametrize("offset", [0, 1, 3, 4, 130])
def test_a_part_of_the_noise_is_that_of_the_whole(cuda, offset):
    counter = cuda.to_device(np.zeros(1, np.uint64))
    whole, part = (cuda.to_host(ga.normal(shape, 3, counter, offset=start))
                   for shape, start in [((300,), 0), ((7, 11), offset)])
    assert (part.ravel() == whole[offset:offset + 77]).all()
