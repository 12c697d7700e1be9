"""From a slider to the picture in the explorer: 64x64 pixels, full width, over HTTP on this machine.

    python -m benchmarks.explorer

Untrained weights, which take as long. A browser adds a draw of 64x64 pixels. Prints the time on the clock and
the processor's time in this process: on a machine that does other work the first tells about that, too.
"""
import http.client
import threading
import time

import numpy as np

import gpuarray as ga
import lfw_aegan
from experiment.evaluation.subject import Subject
from experiment.explore.server import Server
from experiment.reopen import OpenedRun
from experiment.settings import fill

PICTURES = 50


def main():
    settings = fill(lfw_aegan.Config, lfw_aegan.PRESETS, {"preset": "released"}, "lfw_aegan")
    model = lfw_aegan.build(settings, "cpu")
    subject = Subject(OpenedRun(settings, model, {"data": {}}, None, 0), "cpu")
    z = np.random.default_rng(0).standard_normal((PICTURES, settings.z_size)).astype("<f4")
    with Server(subject, b"") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = f"127.0.0.1:{server.server_port}"
        connection = http.client.HTTPConnection(own)
        clock, processor = [], []
        for row in z:
            began, spent = time.perf_counter(), time.process_time()
            connection.request("POST", f"/{server.guard.token}/posterior", row.tobytes(),
                               {"Origin": f"http://{own}"})
            assert len(connection.getresponse().read()) == 3 * settings.image_size**2
            clock.append(time.perf_counter() - began)
            processor.append(time.process_time() - spent)
        server.shutdown()
    print(f"{PICTURES} pictures, {settings.image_size}x{settings.image_size}, width {settings.width:g}, "
          f"{ga.available_cores()} cores; milliseconds a picture:")
    for name, times in (("on the clock", clock), ("of the processor", processor)):
        low, middle, high = 1000 * np.quantile(times[1:], [0, 0.5, 1])
        print(f"{name:17} {middle:6.1f} ({low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
