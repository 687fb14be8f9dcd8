"""Options by which every command of an operator takes its deployment, and errors told as one line."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click
import httpx
from botocore.exceptions import BotoCoreError, ClientError

from emulator.server import EmulatorError
from environments import target
from environments.target import Target
from local_platform.client import PlatformError

DEFAULT_NAMESPACE = "shop"
DEFAULT_LOCAL = "demo"

_OPTIONS = (
    click.option("--environment", "-e", metavar="NAME", help="The deployment in AWS, by its environment."),
    click.option(
        "--namespace", metavar="NAME", default=DEFAULT_NAMESPACE, help="The platform's name, beside --environment."
    ),
    click.option(
        "--outputs", metavar="FILE", help="The deployment in AWS, by what terraform output -json says; - reads it here."
    ),
    click.option("--profile", metavar="NAME", help="The profile of AWS credentials, for a deployment in AWS."),
    click.option("--region", metavar="REGION", help="The AWS region, for a deployment in AWS."),
    click.option("--local", metavar="NAME", help=f"A platform on this machine. [default: {DEFAULT_LOCAL}]"),
)
_API = click.option("--api", metavar="URL", help="The deployment in AWS, by the URL of its API.")


def target_options(*, with_api: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command the options, and the `Target` that they name as its first argument."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            own = ("environment", "namespace", "outputs", "profile", "region", "local", "api")
            chosen = {name: options.pop(name, None) for name in own}
            return command(find(**chosen, with_api=with_api), *arguments, **options)

        for option in reversed((*_OPTIONS, *([_API] if with_api else []))):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def find(
    *,
    environment: str | None,
    namespace: str,
    outputs: str | None,
    profile: str | None,
    region: str | None,
    local: str | None,
    api: str | None,
    with_api: bool,
) -> Target:
    """Return the deployment that the options name, with its API if that is needed.

    Raises `PlatformError` when it cannot be found, and `click.UsageError` when the options name two.
    """
    ways = {"--environment": environment, "--outputs": outputs, "--local": local, "--api": api}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} name a deployment each: expected one of them")
    if given in ([], ["--local"]):
        if profile or region:
            raise click.UsageError("--profile and --region are for a deployment in AWS: give --environment as well")
        return target.local(local or DEFAULT_LOCAL)
    made = target.session(profile, region)
    if environment is not None:
        return target.by_name(namespace, environment, made, with_api=with_api)
    if outputs is not None:
        return target.by_outputs(outputs, made)
    return target.by_url(str(api), made)


def run(command: click.Command, name: str) -> None:
    """Run a command; a failure that has a reason is one line on standard error and exit code 1."""
    try:
        sys.exit(command.main(prog_name=name, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except (PlatformError, EmulatorError, BotoCoreError, ClientError) as error:
        click.echo(f"error: {error}", err=True)
    except httpx.HTTPError as error:
        click.echo(f"error: the API does not answer: {error}", err=True)
    sys.exit(1)
