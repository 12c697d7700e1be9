"""The CUDA half: hand-written kernels, launched through `gpuarray.cuda.runtime`. Importable without CuPy."""
