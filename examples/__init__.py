"""Experiments on other image sets than faces, like the scripts of the root. Each is one file, run as one."""
