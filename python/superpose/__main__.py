"""`python -m superpose …` is the program `superpose …`."""

import os
import subprocess
import sys

from superpose.program import binary


def main() -> None:
    """Becomes the program; where a process cannot become another, calls it and ends as it does."""
    try:
        program = str(binary())
    except FileNotFoundError as error:
        sys.exit(f"error: {error}")
    arguments = [program, *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(arguments))
    os.execv(program, arguments)


if __name__ == "__main__":
    main()
