"""The CUDA half on a GPU: is it right, and how fast, beside that card's ceilings and PyTorch: python -m benchmarks.gpu"""
