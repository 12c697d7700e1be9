"""Everything stands in pyproject.toml; this file lets tools that look for a setup.py find it."""
from setuptools import setup

setup()
