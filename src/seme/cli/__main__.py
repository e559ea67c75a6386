"""`python -m seme.cli` is `seme`."""

from seme.cli import main

main()
