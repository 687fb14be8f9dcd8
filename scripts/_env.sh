# shellcheck shell=bash
# Sourced by the entry points beside it. Makes .cache/venv from requirements/dev.txt when it is missing or out of date;
# `run_python <module> [arguments]` then replaces the shell with that environment's Python.

ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"

# Prints the first Python from 3.11 to 3.13 that starts, or fails. $PYTHON, where set, is the only candidate.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    if [[ -n "${PYTHON:-}" ]]; then
        echo "error: PYTHON=$PYTHON is not a Python from 3.11 to 3.13 that starts." >&2
    else
        echo "error: no Python from 3.11 to 3.13 on PATH (looked for python3, python3.13, python3.12, python3.11, python)." >&2
    fi
    echo "Install one (Debian/Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13), or set PYTHON to its path." >&2
    return 1
}

run_python() {
    local venv="$ROOT/.cache/venv" python
    # The copy of the lock is written last, so it is there only when everything was installed.
    if ! cmp -s "$ROOT/requirements/dev.txt" "$venv/requirements.txt" || ! "$venv/bin/python" -c '' 2>/dev/null; then
        python="$(find_python)" || exit 1
        "$python" -P "$ROOT/scripts/toolchain/venv.py" dev >/dev/null || exit $?
    fi
    export PYTHONPATH="$ROOT/scripts"
    # -P keeps the caller's folder off the import path.
    exec "$venv/bin/python" -P -m "$@"
}
