"""What scripts do around their build: device and images."""
from types import SimpleNamespace

import pytest

from experiment.exit import UsageError
from experiment.run import open_device, open_images
from gpuarray.cuda import runtime
from tests.experiment.fakes import settings


def test_the_device_is_told(capsys):
    assert open_device(settings(device="cpu")) == ("cpu", "asked for")
    assert capsys.readouterr().out == "device: cpu (asked for)\n"


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_a_precision_the_cpu_lacks_is_refused(precision):
    with pytest.raises(UsageError, match=f"--precision {precision}: needs a GPU .* is cpu .* fp32"):
        open_device(settings(device="cpu", precision=precision))


@pytest.mark.parametrize("capability, known", [((7, 5), ["fp32"]), ((8, 0), ["fp32", "tf32", "bf16"])])
def test_a_precision_the_gpu_lacks_is_refused(capability, known, monkeypatch):
    gpu = SimpleNamespace(capability=capability, describe=lambda: "a GPU")
    monkeypatch.setattr(runtime, "default_runtime", lambda: gpu)
    for precision in ("fp32", "tf32", "bf16"):
        if precision in known:
            assert open_device(settings(device="cuda", precision=precision)) == ("cuda", "a GPU")
        else:
            with pytest.raises(UsageError, match=f"--precision {precision}: .* 8.0 or .* is cuda .a GPU."):
                open_device(settings(device="cuda", precision=precision))


def test_images_are_told(tmp_path, capsys):
    images = open_images(settings(limit=20, cache=str(tmp_path)))
    assert (len(images.train), len(images.test), images.size) == (20, 2, 32)
    assert "data: toyfaces, 20 images to train with, 2 to test\n" in capsys.readouterr().out
