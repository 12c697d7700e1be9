"""A run that was stopped and goes on must end as if it had never stopped."""
import signal
import subprocess

import pytest

from tests.scripts.scripts import ENVIRONMENT, TINY, arrays, call, command, metrics, train, values

LONG = "--epochs", 2, "--epoch-size", 10


@pytest.mark.parametrize("script, arguments", [
    ("celeba_vae", ["--optimiser", "adam"]), ("celeba_gan", []), ("celeba_aegan", ["--fakes", "both"]),
    ("lfw_aegan", []), ("lfw_regressor", []), ("celeba_vae", ["--conditional"]),
    ("celeba_gan", ["--conditional"]), ("lfw_aegan", ["--conditional", "--fakes", "both"])])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(script, arguments, cache, tmp_path):
    train(script, *arguments, "--epochs", 2, "--out", "whole", cache=cache, cwd=tmp_path)
    train(script, *arguments, "--epochs", 1, "--out", "run", cache=cache, cwd=tmp_path)
    done = train(script, "--epochs", 2, "--out", "run", "--resume", cache=cache, cwd=tmp_path, anew=True)
    assert "going on from run/checkpoints/epoch_0001.npz, step 2 of 4" in done.stdout
    last = "checkpoints/epoch_0002.npz"
    assert arrays(tmp_path / "run" / last) == arrays(tmp_path / "whole" / last)
    assert values(tmp_path / "run") == values(tmp_path / "whole")
    for picture in ("originals.png", "samples/epoch_0002.png")[:1 if script == "lfw_regressor" else 2]:
        assert (tmp_path / "run" / picture).read_bytes() == (tmp_path / "whole" / picture).read_bytes()


def test_the_fixed_discriminator_comes_back_too(gan_run, cache, tmp_path):
    measure = ["--similarity", "discriminator", "--discriminator", gan_run]
    train("celeba_vae", *measure, "--epochs", 2, "--out", "whole", cache=cache, cwd=tmp_path)
    train("celeba_vae", *measure, "--epochs", 1, "--out", "run", cache=cache, cwd=tmp_path)
    train("celeba_vae", "--epochs", 2, "--out", "run", "--resume", cache=cache, cwd=tmp_path, anew=True)
    last = "checkpoints/epoch_0002.npz"
    assert arrays(tmp_path / "run" / last) == arrays(tmp_path / "whole" / last)


@pytest.fixture(scope="module")
def uninterrupted(cache, tmp_path_factory):
    """The run that is interrupted below, not interrupted."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    train("celeba_aegan", *LONG, "--out", "run", cache=cache, cwd=folder)
    return folder / "run"


@pytest.mark.parametrize("number, status", [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_the_state(number, status, uninterrupted, cache, tmp_path):
    typed = command("celeba_aegan", *TINY, *LONG, "--out", "run", cache=cache)
    with subprocess.Popen(typed, env=ENVIRONMENT, cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        while not process.stdout.readline().startswith("epoch 1/2  step 1/20"):
            assert process.poll() is None
        process.send_signal(number)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == status
    assert errors.startswith("interrupted at step ") and errors.count("\n") == 1
    assert errors.endswith("go on with --out run --resume\n")
    assert metrics(tmp_path / "run")[-1]["step"] < 20
    done = call("celeba_aegan", "--out", "run", "--resume", cache=cache, cwd=tmp_path, anew=True)
    assert (done.returncode, done.stderr) == (0, "")
    last = "checkpoints/epoch_0002.npz"
    assert arrays(tmp_path / "run" / last) == arrays(uninterrupted / last)
    assert values(tmp_path / "run") == values(uninterrupted)
