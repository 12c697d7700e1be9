from dataclasses import replace

import pytest

from experiment.schedule import learning_rate
from tests.experiment.fakes import settings

RELEASED = settings(lr=0.025 / 64, schedule="released", batch_size=64, epochs=250, epoch_size=250)


def test_constant_rate_never_moves():
    assert {learning_rate(settings(), step) for step in (0, 1, 11)} == {0.5}


@pytest.mark.parametrize("epoch, rate", [
    (0, 0.025 / 64),
    (125, (0.025 - 0.5946035575013605 * (0.025 - 1e-5)) / 64),        # 0.5^0.75 = 0.5946...
    (249, (0.025 - (249 / 250) ** 0.75 * (0.025 - 1e-5)) / 64)])
def test_released_rate_is_that_of_the_released_code(epoch, rate):
    assert learning_rate(RELEASED, epoch * 250) == pytest.approx(rate, rel=1e-12)


def test_released_rate_moves_between_epochs_only():
    assert learning_rate(RELEASED, 250) == learning_rate(RELEASED, 499) < learning_rate(RELEASED, 249)


def test_warm_up_rises_in_equal_parts_to_the_start():
    warming = replace(settings(), warmup=3)
    rates = [learning_rate(warming, step) for step in range(5)]
    assert rates == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.5])
