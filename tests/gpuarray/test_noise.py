import numpy as np

import gpuarray as ga
from gpuarray.cpu.noise import philox


def word(*values):
    return tuple(np.array([value], np.uint64) for value in values)


def test_philox_gives_the_published_words():
    """Known answers of Random123's test vectors for philox4x32-10."""
    zeros = philox(word(0, 0, 0, 0), (0, 0))
    assert [int(w[0]) for w in zeros] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = 0xFFFFFFFF
    assert [int(w[0]) for w in philox(word(ones, ones, ones, ones), (ones, ones))] == [
        0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    digits_of_pi = philox(word(0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0))
    assert [int(w[0]) for w in digits_of_pi] == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def test_moments_of_a_normal():
    noise = ga.normal((400, 1001), 7, np.zeros(1, np.uint64)).astype(np.float64)
    n = noise.size
    assert noise.shape == (400, 1001)
    assert abs(noise.mean()) < 4 / np.sqrt(n)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((noise**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((noise**4).mean() - 3) < 4 * np.sqrt(96 / n)
    assert abs((noise.ravel()[:-1] * noise.ravel()[1:]).mean()) < 4 / np.sqrt(n)


def test_seed_stream_and_counter_each_change_all_numbers():
    counter = np.zeros(1, np.uint64)
    first = ga.normal((50,), 1, counter)
    assert (first == ga.normal((50,), 1, counter)).all()
    for other in (ga.normal((50,), 2, counter), ga.normal((50,), 1, counter, stream=1),
                  ga.normal((50,), 1 + (1 << 32), counter)):
        assert (first != other).all()
    ga.advance(counter)
    assert counter[0] == 1 and (first != ga.normal((50,), 1, counter)).all()
    assert (first != ga.normal((50,), 1, np.array([1 << 32], np.uint64))).all()


def test_a_shorter_draw_is_the_start_of_a_longer_one():
    counter = np.zeros(1, np.uint64)
    assert (ga.normal((7,), 3, counter) == ga.normal((20,), 3, counter)[:7]).all()


def test_a_part_of_the_noise_is_the_same_wherever_it_begins():
    counter = np.zeros(1, np.uint64)
    whole = ga.normal((20,), 3, counter)
    for offset in range(9):
        assert (ga.normal((7,), 3, counter, offset=offset) == whole[offset:offset + 7]).all()
