#!/bin/sh
# Make a virtual environment at $1 with the first Python found that the locked parts can be installed on.
set -eu

suits='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'
without_venv=

for python in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    "$python" -c "$suits" 2>/dev/null || continue
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        rm -rf "$1"
        exec "$python" -m venv "$1"
    fi
    without_venv=$python
done

if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "Python $version is here, but not its module venv. On Debian and Ubuntu: apt install python$version-venv" >&2
else
    echo "Counterfoil needs Python 3.11 to 3.14. On Debian and Ubuntu: apt install python3 python3-venv" >&2
fi
exit 1
