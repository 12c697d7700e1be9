"""The CUDA backend on a GPU: right, and how fast, beside the card's ceilings and PyTorch: python -m benchmarks.gpu"""
