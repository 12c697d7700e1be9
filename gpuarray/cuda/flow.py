"""Launchers of flow.cu."""
import numpy as np

from gpuarray.cuda.layout import THREADS
from gpuarray.cuda.runtime import empty, launch


def planar_flow(z, u, w, b):
    y, log_det = empty(z.shape, np.float32, z), empty((len(z),), np.float32, z)
    launch(z, "flow.cu", "planar_flow", (len(z),), (THREADS,),
           (z, u, w, b, y, log_det, np.int32(z.shape[1])))
    return y, log_det


def planar_flow_grad(dy, dlog_det, z, u, w, b, du, dw, db, weight):
    (count, z_size), block = z.shape, (THREADS,)
    dz, rows = empty(z.shape, np.float32, z), empty((3, count), np.float32, z)
    launch(z, "flow.cu", "planar_flow_grad", (count,), block,
           (dy, dlog_det, z, u, w, b, dz, rows, np.int32(z_size)))
    if weight:
        sums = empty((2 * z_size + 2,), np.float32, z)
        launch(z, "flow.cu", "planar_flow_sums", (z_size + 1,), block,
               (dy, z, rows, sums, np.int32(count), np.int32(z_size)))
        launch(z, "flow.cu", "planar_flow_finish", (1,), block,
               (sums, u, w, du, dw, db, np.float32(weight), np.int32(z_size)))
    return dz
