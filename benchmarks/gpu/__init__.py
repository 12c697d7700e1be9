"""The CUDA backend on a GPU, beside the card's ceilings and PyTorch: python -m benchmarks.gpu"""
