"""Runs the layers of tests, one after another, and adds them up.

A layer is a folder of `tests/` with pytest tests, or "lint". Reports in JUnit's format go to `.cache/reports`.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from toolchain import terraform
from toolchain.venv import CACHE, ROOT

STOP_TIMEOUT = 180.0
"""Seconds that an interrupted layer has to take down what it had set up."""


@dataclass(frozen=True)
class Layer:
    """What to know about running a layer.

    Attributes:
        name: its folder in `tests/`.
        holds: one line for people.
        workers: processes that its tests are spread over; 0 for none but pytest's own.
        uses_terraform: whether the source of providers has to be settled before.
        without: folder in its folder that is a layer of its own.
    """

    name: str
    holds: str
    workers: int = 0
    uses_terraform: bool = False
    without: str | None = None


LINT = "lint"

LAYERS = (
    Layer(LINT, "format, types and lint of Python and HCL; generated documentation is up to date"),
    Layer("unit", "every rule, every store operation, bad input; on moto", workers=2),
    Layer(
        "scripts", "the build, the finding of Terraform, the runner of tests, the generated documentation", workers=2
    ),
    Layer("emulator", "the local AWS emulator behaves as AWS does"),
    Layer("terraform", "each module: defaults, validations, exact policies", workers=2, uses_terraform=True),
    Layer("wiring", "events, rules and schemas agree, from the plan of the platform", uses_terraform=True),
    Layer("policy", "security scan of the configuration and of its plan", uses_terraform=True),
    Layer("iam", "every permission is needed, and everything else is refused", uses_terraform=True),
    Layer("audit", "secrets, vulnerable dependencies, workflows, bill of materials"),
    Layer("e2e", "the platform, applied to the emulator and put through every failure", uses_terraform=True),
    Layer("fuzz", "generated requests and events for every handler", uses_terraform=True, without="api"),
    Layer("fuzz/api", "generated requests for the API as it runs", uses_terraform=True),
    Layer("console", "the console in a headless Chromium, against the platform on the emulator", uses_terraform=True),
    # No workers: its tests fork a process for each core themselves, where none of the workers' threads may be around.
    Layer("simulation", "schedules of messages, crashes and duplicates"),
    Layer("benchmarks", "start-up time and calls against their limits; orders a second", uses_terraform=True),
)


@dataclass(frozen=True)
class Result:
    """What came out of a layer.

    Attributes:
        layer: its name.
        passed: tests that passed.
        failed: tests that failed, and the layer itself where it broke down.
        skipped: tests that were skipped.
        seconds: that it took.
    """

    layer: str
    passed: int
    failed: int
    skipped: int
    seconds: float


class Interrupted(Exception):  # noqa: N818  # it reports a wish, not an error
    """The user wants to stop."""


def available() -> list[Layer]:
    """The layers that there are."""
    return [layer for layer in LAYERS if layer.name == LINT or any((ROOT / "tests" / layer.name).rglob("test_*.py"))]


def closing_line(results: Sequence[Result]) -> str:
    """The last line of a run: "3 passed, 0 failed, 1 skipped"."""
    passed, failed, skipped = (
        sum(getattr(result, key) for result in results) for key in ("passed", "failed", "skipped")
    )
    return f"{passed} passed, {failed} failed, {skipped} skipped"


def read_report(path: Path, layer: str, status: int, seconds: float) -> Result:
    """Count the tests in a JUnit report.

    Args:
        path: the report; a layer that broke down may have left none.
        layer: its name.
        status: the exit status of pytest.
        seconds: that it took.

    Returns:
        The counts. Where the status tells of a failure that no test in the report accounts for, one more failed.
    """
    tests = failed = skipped = 0
    with contextlib.suppress(OSError, ET.ParseError):
        for suite in ET.parse(path).iter("testsuite"):  # noqa: S314  # written by the pytest that just ran
            tests += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
    passed = tests - failed - skipped
    if status and not failed:
        failed = 1
    return Result(layer, passed, failed, skipped, seconds)


# Running


def run_layer(layer: Layer, arguments: Sequence[str], env: Mapping[str, str]) -> Result:
    """Run one layer; its output goes to ours.

    Args:
        layer: which.
        arguments: further arguments of pytest.
        env: its environment.

    Raises:
        Interrupted: the user wants to stop; the layer has been stopped.
    """
    report = CACHE / "reports" / f"{layer.name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    started = time.monotonic()
    if layer.name == LINT:
        checks = lint_checks()
        statuses = {name: _run(command, env) for name, command in checks.items()}
        failed = sum(map(bool, statuses.values()))
        _write_report(report, statuses)
        return Result(LINT, len(checks) - failed, failed, 0, time.monotonic() - started)
    command = [sys.executable, "-m", "pytest", "-q", f"tests/{layer.name}", f"--junitxml={report}"]
    if layer.without:
        command.append(f"--ignore=tests/{layer.name}/{layer.without}")
    if layer.workers and not any(argument.startswith("-n") for argument in arguments):
        command += ["-n", str(layer.workers)]
    status = _run([*command, *arguments], env)
    return read_report(report, layer.name, status, time.monotonic() - started)


def lint_checks() -> dict[str, list[str]]:
    """What the lint layer runs: a name for each command."""
    python = sys.executable
    checks = {
        "ruff check": [python, "-m", "ruff", "check", "--quiet"],
        "ruff format": [python, "-m", "ruff", "format", "--check", "--quiet"],
        "mypy": [python, "-m", "mypy", "--no-error-summary"],
        "shell": ["bash", "-n", *map(str, _shell_scripts())],
    }
    try:
        checks["terraform fmt"] = [str(terraform.binary()), "fmt", "-check", "-recursive", "-diff"]
    except terraform.TerraformError as error:
        checks["terraform fmt"] = [python, "-c", "import sys; sys.exit(sys.argv[1])", f"terraform fmt: {error}"]
    if (ROOT / "scripts" / "docs").is_file():
        checks["docs"] = [str(ROOT / "scripts" / "docs"), "--check"]
    return checks


def _shell_scripts() -> list[Path]:
    files = [path for path in (ROOT / "scripts").iterdir() if path.is_file()]
    return sorted(
        path for path in files if path.suffix == ".sh" or path.read_bytes().startswith(b"#!/usr/bin/env bash")
    )


def _write_report(path: Path, statuses: Mapping[str, int]) -> None:
    failed = sum(map(bool, statuses.values()))
    suite = ET.Element("testsuite", name=LINT, tests=str(len(statuses)), failures=str(failed))
    for name, status in statuses.items():
        case = ET.SubElement(suite, "testcase", classname=LINT, name=name)
        if status:
            ET.SubElement(case, "failure", message=f"exit status {status}")
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _run(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command and return its exit status.

    It has a process group of its own: an interrupt reaches it once, through us, and nothing of it survives.

    Raises:
        Interrupted: the user wants to stop; the command has ended.
    """
    with subprocess.Popen(command, cwd=ROOT, env=dict(env), process_group=0) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            print("\nStopping; once more to stop at once.", file=sys.stderr, flush=True)
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT)
            raise Interrupted from None
        finally:
            _end_group(process.pid)


def _end_group(group: int) -> None:
    """Kill what is left of a process group that we made."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _environment(layers: Sequence[Layer], console: Console) -> dict[str, str]:
    """What the layers run in. The source of providers is looked for once and handed down."""
    paths = [str(ROOT / "scripts"), str(ROOT / "lambdas")]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE / "hypothesis"),
    }
    if any(layer.uses_terraform for layer in layers):
        # Where there is none, the tests that need it fail and say so; the others still run.
        with contextlib.suppress(terraform.TerraformError):
            found = terraform.find()
            console.print(found.description, highlight=False, soft_wrap=True)
            names = ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE")
            env |= {name: found.env[name] for name in names if name in found.env}
            env["TERRAFORM"] = str(found.binary)
    elif not Path(env.get("TF_CLI_CONFIG_FILE", "")).is_file():
        env.pop("TF_CLI_CONFIG_FILE", None)  # Terraform would warn, also when it only formats
    return env


def run(layers: Sequence[Layer], arguments: Sequence[str], console: Console) -> tuple[list[Result], bool]:
    """Run `layers` and print a summary.

    Returns:
        The results so far, and whether the user stopped the run.
    """
    env = _environment(layers, console)
    results: list[Result] = []
    interrupted = False
    for number, layer in enumerate(layers, 1):
        console.rule(f"{layer.name} ({number}/{len(layers)}): {layer.holds}", align="left")
        try:
            result = run_layer(layer, arguments, env)
        except Interrupted:
            interrupted = True
            break
        results.append(result)
        console.print(f"{layer.name}: {closing_line([result])} in {result.seconds:.1f} s", highlight=False)
    table = Table()
    table.add_column("layer")
    for heading in ("passed", "failed", "skipped", "seconds"):
        table.add_column(heading, justify="right")
    for result in results:
        style = "red" if result.failed else None
        counts = map(str, (result.passed, result.failed, result.skipped))
        table.add_row(result.layer, *counts, f"{result.seconds:.1f}", style=style)
    console.print(table)
    return results, interrupted


def main() -> int:
    """Run the layers named on the command line, or all."""
    layers = {layer.name: layer for layer in available()}
    listing = "\n".join(f"  {layer.name:<12}{layer.holds}" for layer in layers.values())
    parser = argparse.ArgumentParser(
        prog="test",
        description="Run the project's tests.",
        epilog=f"layers:\n{listing}\n\nArguments after -- go to pytest: test unit -- -k relay -x",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("layers", nargs="*", metavar="layer", help="which to run (default: all, benchmarks shortened)")
    own, arguments = _split(sys.argv[1:])
    names = parser.parse_args(own).layers
    unknown = [name for name in names if name not in layers]
    if unknown:
        parser.error(f"{unknown[0]}: expected any of {', '.join(layers)}")
    if not names:
        os.environ.setdefault("BENCHMARK_ROUNDS", "3")
    console = Console(soft_wrap=not sys.stdout.isatty())
    # Asked to end by a signal, as by Ctrl-C: what is running gets the time to clean up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A job in the background, such as of a shell script. It goes on ignoring Ctrl-C, but what it starts would
        # inherit that and not hear us either: a handler is not inherited.
        signal.signal(signal.SIGINT, lambda *_: None)
    results, interrupted = run([layers[name] for name in names or layers], arguments, console)
    # Plain, and last, for whatever reads the output.
    print(closing_line(results), flush=True)
    if interrupted:
        return 130
    return 1 if any(result.failed for result in results) else 0


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Our arguments, and those after "--"."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


if __name__ == "__main__":
    sys.exit(main())
