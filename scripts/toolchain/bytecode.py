"""Compiles a package's Python sources. Runs on the Python that the package is built for: the standard library only.

Reads `{"own": {path: source}, "dependencies": {path: source}}` as JSON from standard input and writes
`{path: [source, base64 of its .pyc]}` to standard output. The sources of dependencies lose comments and docstrings,
which are half of them.

The `.pyc` are "unchecked": the interpreter takes them without looking at the source, neither its time nor its hash.
They stand in `__pycache__` beside their sources. Without the sources they would load no faster that can be measured,
tracebacks would have no lines, and a runtime with another Python would find nothing to run.
"""

import ast
import base64
import importlib.util
import json
import marshal
import sys

# Where Lambda unpacks a function. A code object that already has its final path need not be copied when it is loaded.
TASK_ROOT = "/var/task/"

# Format 2 has no references between objects. Where format 4 puts them depends on what else the interpreter holds.
MARSHAL_VERSION = 2

# PEP 552: the file is validated by hash, and the hash is not checked.
UNCHECKED_HASH = 0b01


def compile_source(path: str, source: bytes) -> bytes:
    """The `.pyc` for `source`, which stands at `path` in the package.

    Raises:
        SyntaxError: it is not Python of this version.
    """
    code = compile(source, TASK_ROOT + path, "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    return header + marshal.dumps(code, MARSHAL_VERSION)


def without_texts(source: str) -> str:
    """`source` without comments and docstrings.

    Raises:
        SyntaxError: it is not Python of this version.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            # Only a module may be empty.
            node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]
    return ast.unparse(tree) + "\n"


def main() -> int:
    """Compile what comes in on standard input."""
    document = json.load(sys.stdin)
    done = {}
    for path, original in {**document["own"], **document["dependencies"]}.items():
        try:
            source = without_texts(original) if path in document["dependencies"] else original
            content = compile_source(path, source.encode())
        except SyntaxError as error:
            print(f"{path}, line {error.lineno}: {error.msg}", file=sys.stderr)
            return 1
        done[path] = [source, base64.b64encode(content).decode()]
    json.dump(done, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
