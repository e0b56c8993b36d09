"""`python -m cellseg`."""

from cellseg.cli import main

if __name__ == "__main__":
    main()
