"""`python -m cli`, the same as `hub`."""

from cli.main import main

main()
