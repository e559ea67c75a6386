"""Seme: daily papers you can search by meaning, and papers you can run."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("seme")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
