"""Measurements: speed beside PyTorch, what trained networks know."""
