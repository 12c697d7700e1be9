"""Measuring and showing finished runs. Nothing here changes a run's training state."""
