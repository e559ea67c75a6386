"""`python -m seme`: the command `seme`, for environments whose scripts are not on the path."""

from seme.cli import main

if __name__ == "__main__":
    main()
