"""The command `scripts/local`: the emulator by hand."""

import shlex
import sys
import time
from collections import deque

import click

from emulator.server import Emulator, EmulatorError, attach
from toolchain.venv import CACHE, EnvironmentSetupError

FOLDER = CACHE / "local"
RECORD = FOLDER / "emulator.json"
STATE = FOLDER / "state"
DEFAULT_PORT = 4566


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Run the local AWS emulator by hand. It listens on 127.0.0.1 and keeps running until `scripts/local down`."""


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, help="Where to listen; 0 for a free port.")
@click.option("--auth", is_flag=True, help="Enforce IAM.")
@click.option("--keep-state", is_flag=True, help="Go on where the last one with --keep-state ended.")
@click.option("--stock", is_flag=True, help="Without this project's corrections.")
@click.option(
    "--retry-base-seconds",
    type=click.FloatRange(min=0),
    default=0.2,
    help="What stands for the minute that AWS waits before it retries an asynchronous invocation.",
)
def up(port: int, auth: bool, keep_state: bool, stock: bool, retry_base_seconds: float) -> None:
    """Start it, and print what points AWS clients at it."""
    emulator = attach(RECORD)
    if emulator:
        click.echo(f"# It is running already (process {emulator.pid}); options are for the next start.")
    else:
        emulator = Emulator.start(
            port=port or None,
            name="local",
            auth=auth,
            state_dir=STATE if keep_state else None,
            corrected=not stock,
            retry_base_seconds=retry_base_seconds,
            record=RECORD,
        )
    _print_environment(emulator)


@main.command()
def down() -> None:
    """Stop it."""
    emulator = attach(RECORD)
    if emulator is None:
        RECORD.unlink(missing_ok=True)
        click.echo("It is not running.")
        return
    emulator.stop()
    if emulator.is_running():
        raise EmulatorError(f"process {emulator.pid} does not end")
    RECORD.unlink(missing_ok=True)
    click.echo(f"Stopped (process {emulator.pid}).")


@main.command()
def status() -> None:
    """Say whether it runs, and what points AWS clients at it. Exit code 1 when it doesn't."""
    emulator = attach(RECORD)
    if emulator is None:
        click.echo("It is not running. Start it with: scripts/local up")
        sys.exit(1)
    click.echo(f"# Process {emulator.pid} listens on {emulator.endpoint}, log in {emulator.log_file}")
    _print_environment(emulator)


@main.command()
@click.option("-n", "--lines", type=click.IntRange(min=0), default=50, help="How many lines to begin with.")
@click.option("-f", "--follow", is_flag=True, help="Go on as more is written, until Ctrl-C.")
def logs(lines: int, follow: bool) -> None:
    """Print what the emulator and the functions wrote."""
    emulator = _running()
    with emulator.log_file.open(errors="replace") as log:
        for line in deque(log, maxlen=lines):
            click.echo(line, nl=False)
        while follow and emulator.is_running():
            rest = log.read()
            click.echo(rest, nl=False)
            if not rest:
                time.sleep(0.2)


@main.command()
def reset() -> None:
    """Delete everything in it: every resource in every account."""
    _running().reset()
    click.echo("Everything in it is deleted.")


def _running() -> Emulator:
    emulator = attach(RECORD)
    if emulator is None:
        raise EmulatorError("it is not running; start it with: scripts/local up")
    return emulator


def _print_environment(emulator: Emulator) -> None:
    for name, value in emulator.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")


def run() -> None:
    """Run the command; a failure that has a reason is one line on standard error and exit code 1."""
    try:
        main(prog_name="scripts/local", standalone_mode=False)
    except (EmulatorError, EnvironmentSetupError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


if __name__ == "__main__":
    run()
