"""The program `superpose`: where it is, and how it is asked a question.

The wheel puts it among the scripts of the interpreter, so that one installation has one of each; a
binary that was built by hand is named by the environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from superpose.errors import Error

#: The environment variable that names the binary.
VARIABLE = "SUPERPOSE_BINARY"


def binary() -> Path:
    """The path of the program: that in `SUPERPOSE_BINARY`, else beside the interpreter, else on the search path.

    Raises
    ------
    FileNotFoundError
        When there is none.
    """
    given = os.environ.get(VARIABLE)
    if given:
        if Path(given).is_file():
            return Path(given)
        raise FileNotFoundError(
            f"`{VARIABLE}` must be the path of the program superpose, and there is no file `{given}`"
        )
    name = "superpose" + (sysconfig.get_config_var("EXE") or "")
    for folder in _script_folders():
        if (folder / name).is_file():
            return folder / name
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(
            "the program `superpose` is neither beside this Python nor on the search path; the wheel of this "
            f"package brings it, and `{VARIABLE}` names one that was built by hand"
        )
    return Path(found)


def _script_folders() -> list[Path]:
    """Where scripts of this package may have been installed: for the interpreter, and for the user."""
    user = "nt_user" if os.name == "nt" else "posix_user"
    return [Path(sysconfig.get_path("scripts")), Path(sysconfig.get_path("scripts", scheme=user))]


def ask(*arguments: str) -> str:
    """What the program prints when it is called with these arguments, whatever its exit code.

    Raises
    ------
    Error
        When it prints nothing, with what it said instead.
    """
    done = subprocess.run(
        [str(binary()), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.stdout.strip():
        return done.stdout
    raise Error(complaint(done.stderr.splitlines(), done.returncode, arguments[0]))


def complaint(said: list[str], code: int, verb: str) -> str:
    """Why the program ended with this code, from the lines that it wrote on standard error."""
    starts = [number for number, line in enumerate(said) if line.startswith("error: ")]
    if starts:
        return "\n".join(said[starts[-1] :]).removeprefix("error: ").strip()
    how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
    last = "\n".join(line for line in said[-5:] if line.strip())
    return f"`superpose {verb}` ended {how}" + (f":\n{last}" if last else "")
