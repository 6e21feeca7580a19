#!/usr/bin/env bash
# Print the path of a working Python: of the asked version (find_python.sh 3.12), or of any from 3.10 on.
# Looks at $PYTHON, in PATH, and where pyenv keeps its versions. Exit status 1 when there is none.
set -uo pipefail

wanted=${1:-}
test_version="import sys, sysconfig; v = sys.version_info[:2]
sys.exit(not (v >= (3, 10) and '$wanted' in ('', '%d.%d' % v)))"

candidates() {
    [ -n "${PYTHON:-}" ] && echo "$PYTHON"
    if [ -z "$wanted" ]; then
        echo python3
        printf 'python3.%s\n' 13 12 11 10
    else
        echo "python$wanted"
        echo python3
    fi
    ls -d "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/"${wanted:-3.1}"*/bin/python3 2>/dev/null | sort -rV
}

while read -r candidate; do
    # A pyenv shim is there for every version and works for some: only running it tells.
    if "$candidate" -c "$test_version" 2>/dev/null; then
        exec "$candidate" -c 'import sys; print(sys.executable)'
    fi
done < <(candidates)

if [ -z "$wanted" ]; then
    echo "No Python >= 3.10 found in PATH or under pyenv: say where one is with PYTHON=/path/to/python3." >&2
fi
exit 1
