"""Make this checkout importable in the environment that runs this, with its command ``counterfoil``.

What an editable install does, without the build tools that one would fetch: those are not among the locked parts.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = """\
#!/bin/sh
exec "$(dirname "$0")/python" -m webapp "$@"
"""


def main() -> None:
    """Write the path file and the command."""
    Path(sysconfig.get_path("purelib"), "counterfoil.pth").write_text(f"{ROOT}\n")
    command = Path(sys.executable).with_name("counterfoil")
    command.write_text(COMMAND)
    command.chmod(0o755)


if __name__ == "__main__":
    main()
