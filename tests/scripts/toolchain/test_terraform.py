"""Finding Terraform and the source of its provider, with fake binaries and fake mirrors, and no network."""

import http.server
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toolchain import terraform
from toolchain.terraform import TerraformError

PLATFORM = "linux_arm64"
ROOT = Path(__file__).resolve().parents[3]

MakeBinary = Callable[[str, str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(terraform, "CACHE", folder)
    return folder


@pytest.fixture
def binary(tmp_path: Path) -> MakeBinary:
    def make(name: str, version: str) -> Path:
        return executable(tmp_path / "bin" / name, f"#!/bin/sh\nprintf '{version}\\non {PLATFORM}\\n'\n")

    return make


@pytest.fixture
def environ(tmp_path: Path, home: Path) -> dict[str, str]:
    return {"PATH": str(tmp_path / "bin"), "HOME": str(home), "XDG_DATA_DIRS": str(tmp_path / "share")}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    def answer(answers: bool) -> None:
        monkeypatch.setattr(terraform, "registry_answers", lambda _host: answers)

    return answer


@pytest.fixture(autouse=True)
def only_temporary_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What lies in /opt and in /usr/share of the machine that runs the tests must not matter."""

    def places(home: Path) -> Iterator[Path]:
        for parent in (tmp_path / "opt", home):
            if parent.is_dir():
                yield from sorted(parent.iterdir())

    monkeypatch.setattr(terraform, "_usual_places", places)


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def unpacked(root: Path, version: str, *, host: str = "registry.terraform.io", platform: str = PLATFORM) -> Path:
    package = root / host / "hashicorp" / "aws" / version / platform
    package.mkdir(parents=True)
    (package / f"terraform-provider-aws_v{version}_x5").touch()
    return root


def packed(root: Path, version: str, *, host: str = "registry.terraform.io", platform: str = PLATFORM) -> Path:
    folder = root / host / "hashicorp" / "aws"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"terraform-provider-aws_{version}_{platform}.zip").touch()
    return root


def configured_path(env: dict[str, str]) -> Path:
    """The mirror in the CLI configuration that the environment names."""
    text = Path(env["TF_CLI_CONFIG_FILE"]).read_text()
    line = next(line for line in text.splitlines() if "path" in line)
    return Path(json.loads(line.partition("=")[2]))


class TestBinary:
    @pytest.fixture(autouse=True)
    def provider(self, cache: Path, registry: Callable[[bool], None]) -> None:
        registry(True)

    def test_terraform_is_preferred(self, binary: MakeBinary, environ: dict[str, str]) -> None:
        path = binary("terraform", "Terraform v1.11.0")
        binary("tofu", "OpenTofu v1.12.0")
        found = terraform.find(environ)
        assert (found.binary, found.product, found.version, found.platform) == (
            path,
            "Terraform",
            (1, 11, 0),
            PLATFORM,
        )

    def test_opentofu_serves_where_terraform_is_too_old(self, binary: MakeBinary, environ: dict[str, str]) -> None:
        binary("terraform", "Terraform v1.10.5")
        path = binary("tofu", "OpenTofu v1.11.2")
        assert terraform.find(environ).binary == path

    @pytest.mark.parametrize("version", ["Terraform v1.10.5", "Terraform v0.15.0", "OpenTofu v1.10.8"])
    def test_too_old(self, binary: MakeBinary, environ: dict[str, str], version: str) -> None:
        path = binary("terraform", version)
        with pytest.raises(TerraformError) as caught:
            terraform.find(environ)
        message = str(caught.value)
        assert f"{path} is {version.replace(' v', ' ')}, which is too old." in message
        assert "Install Terraform 1.11.0 or newer" in message
        assert "OpenTofu 1.11.0 or newer" in message

    def test_none(self, environ: dict[str, str]) -> None:
        with pytest.raises(TerraformError, match=r"no terraform and no tofu on PATH\. Install Terraform 1\.11\.0"):
            terraform.find(environ)

    def test_the_named_one_is_the_only_candidate(self, binary: MakeBinary, environ: dict[str, str]) -> None:
        binary("terraform", "Terraform v1.12.0")
        path = binary("terraform-next", "Terraform v1.13.1-beta1")
        assert terraform.find({**environ, "TERRAFORM": str(path)}).version == (1, 13, 1)
        with pytest.raises(TerraformError, match=r"TERRAFORM=/nowhere/terraform is not an executable\."):
            terraform.find({**environ, "TERRAFORM": "/nowhere/terraform"})

    def test_something_else_of_that_name(self, tmp_path: Path, environ: dict[str, str]) -> None:
        executable(tmp_path / "bin" / "terraform", "#!/bin/sh\necho no such version installed >&2\nexit 127\n")
        with pytest.raises(TerraformError, match=r"neither Terraform nor OpenTofu.*no such version installed"):
            terraform.find(environ)

    def test_settings_that_change_commands_are_dropped(self, binary: MakeBinary, environ: dict[str, str]) -> None:
        binary("terraform", "Terraform v1.11.0")
        noisy = {**environ, "TF_CLI_ARGS_plan": "-destroy", "TF_WORKSPACE": "other", "AWS_REGION": "eu-west-1"}
        env = terraform.find(noisy).env
        assert "TF_CLI_ARGS_plan" not in env
        assert "TF_WORKSPACE" not in env
        assert env["AWS_REGION"] == "eu-west-1"


class TestProvider:
    @pytest.fixture(autouse=True)
    def terraform_binary(self, binary: MakeBinary, cache: Path) -> None:
        binary("terraform", "Terraform v1.11.4")

    def test_a_configuration_that_is_named_wins(self, environ: dict[str, str], tmp_path: Path, cache: Path) -> None:
        own = tmp_path / "own.tfrc"
        own.touch()
        found = terraform.find({**environ, "TF_CLI_CONFIG_FILE": str(own)})
        assert found.env["TF_CLI_CONFIG_FILE"] == str(own)
        assert f"providers as {own} says" in found.description
        assert not cache.exists()

    @pytest.mark.parametrize("name", [".terraformrc", ".terraform.d/mirror.tfrc"])
    def test_a_configuration_at_home_wins(self, environ: dict[str, str], home: Path, name: str) -> None:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).touch()
        found = terraform.find(environ)
        assert "TF_CLI_CONFIG_FILE" not in found.env
        assert "TF_PLUGIN_CACHE_DIR" not in found.env
        assert str(home / name) in found.description

    def test_opentofu_has_a_configuration_of_its_own(self, environ: dict[str, str], home: Path) -> None:
        (home / ".tofurc").touch()
        assert str(home / ".tofurc") in terraform.provider_source("OpenTofu", PLATFORM, environ).description

    def test_registry(self, environ: dict[str, str], cache: Path, registry: Callable[[bool], None]) -> None:
        registry(True)
        found = terraform.find(environ)
        assert found.env["TF_PLUGIN_CACHE_DIR"] == str(cache / "terraform" / "plugins")
        assert Path(found.env["TF_PLUGIN_CACHE_DIR"]).is_dir()
        assert "TF_CLI_CONFIG_FILE" not in found.env
        assert "from the registry" in found.description

    def test_registry_with_a_plugin_cache_of_the_users(
        self, environ: dict[str, str], tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(True)
        environ["TF_PLUGIN_CACHE_DIR"] = str(tmp_path / "plugins")
        assert terraform.find(environ).env["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "plugins")

    def test_registry_where_the_named_configuration_is_missing(
        self, environ: dict[str, str], cache: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(True)
        found = terraform.find({**environ, "TF_CLI_CONFIG_FILE": "/nowhere/cli.tfrc"})
        assert found.env["TF_CLI_CONFIG_FILE"] == str(cache / "terraform" / "cli.tfrc")
        assert "provider_installation" not in (cache / "terraform" / "cli.tfrc").read_text()

    @pytest.mark.parametrize(
        "place",
        [
            "home/.terraform.d/plugins",
            "home/.local/share/terraform/plugins",
            "share/terraform/plugins",
            "share/opentofu/plugins",
            "home/Library/Application Support/io.terraform/plugins",
            "home/mirror",
            'opt/mir"ror',
        ],
    )
    @pytest.mark.parametrize("layout", [unpacked, packed])
    def test_mirror(
        self,
        environ: dict[str, str],
        tmp_path: Path,
        registry: Callable[[bool], None],
        place: str,
        layout: Callable[[Path, str], Path],
    ) -> None:
        registry(False)
        mirror = layout(tmp_path / place, "5.100.0")
        found = terraform.find({**environ, "TF_CLI_CONFIG_FILE": "/nowhere/cli.tfrc"})
        assert configured_path(dict(found.env)) == mirror
        assert found.description.endswith(f"AWS provider 5.100.0 from the mirror {mirror}")
        assert "\n" not in found.description
        assert ("TF_PLUGIN_CACHE_DIR" in found.env) == (layout is packed)

    def test_the_data_home_that_the_user_chose(
        self, environ: dict[str, str], tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(False)
        mirror = unpacked(tmp_path / "data" / "terraform" / "plugins", "6.2.0")
        env = terraform.find({**environ, "XDG_DATA_HOME": str(tmp_path / "data")}).env
        assert configured_path(dict(env)) == mirror

    @pytest.mark.parametrize(
        ("version", "platform"),
        [("5.99.1", PLATFORM), ("7.0.0", PLATFORM), ("6.0.0", "windows_amd64"), ("6.0.0-beta1", PLATFORM)],
    )
    @pytest.mark.parametrize("layout", [unpacked, packed])
    def test_mirrors_that_do_not_fit(
        self,
        environ: dict[str, str],
        tmp_path: Path,
        registry: Callable[[bool], None],
        version: str,
        platform: str,
        layout: Callable[..., Path],
    ) -> None:
        registry(False)
        layout(tmp_path / "opt" / "a", version, platform=platform)
        with pytest.raises(TerraformError) as caught:
            terraform.find({**environ, "TF_CLI_CONFIG_FILE": "/nowhere/cli.tfrc"})
        message = str(caught.value)
        assert f"no mirror with hashicorp/aws >= 5.100, < 7.0 for {PLATFORM} was found" in message
        assert "TF_CLI_CONFIG_FILE names /nowhere/cli.tfrc, which does not exist." in message
        fitting = unpacked(tmp_path / "opt" / "b", "6.9.3")
        assert configured_path(dict(terraform.find(environ).env)) == fitting

    def test_the_newest_that_fits_is_named(
        self, environ: dict[str, str], tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(False)
        for version in ("5.100.0", "6.10.0", "6.9.0", "7.1.0"):
            unpacked(tmp_path / "opt" / "mirror", version)
        assert "AWS provider 6.10.0 from" in terraform.find(environ).description

    def test_an_empty_folder_is_no_package(
        self, environ: dict[str, str], tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(False)
        (tmp_path / "opt/mirror/registry.terraform.io/hashicorp/aws/5.100.0" / PLATFORM).mkdir(parents=True)
        with pytest.raises(TerraformError, match="no mirror"):
            terraform.find(environ)

    def test_opentofu_prefers_its_own_registrys_mirror(
        self, environ: dict[str, str], tmp_path: Path, registry: Callable[[bool], None]
    ) -> None:
        registry(False)
        unpacked(tmp_path / "opt" / "a", "6.0.0")
        own = unpacked(tmp_path / "opt" / "b", "5.100.0", host="registry.opentofu.org")
        env = terraform.provider_source("OpenTofu", PLATFORM, environ).env
        assert configured_path(dict(env)) == own

    @pytest.mark.parametrize("layout", [unpacked, packed])
    def test_opentofu_is_served_from_a_mirror_of_terraforms(
        self,
        environ: dict[str, str],
        tmp_path: Path,
        cache: Path,
        registry: Callable[[bool], None],
        layout: Callable[[Path, str], Path],
    ) -> None:
        registry(False)
        mirror = layout(tmp_path / "opt" / "mirror", "5.100.0")
        terraform.provider_source("OpenTofu", PLATFORM, environ)
        source = terraform.provider_source("OpenTofu", PLATFORM, environ)  # over the links of the first
        links = configured_path(dict(source.env))
        assert links == cache / "terraform" / "mirror"
        found = terraform.find_mirror("registry.opentofu.org", PLATFORM, [links])
        assert found is not None
        assert found.host == "registry.opentofu.org"
        assert found.packages[5, 100, 0].resolve().is_relative_to(mirror)
        assert source.description.endswith(str(mirror))

    def test_the_range_is_the_one_that_the_configurations_ask_for(self) -> None:
        files = [path for path in ROOT.rglob("versions.tf") if ".terraform" not in path.parts]
        asked = [path for path in files if "hashicorp/aws" in path.read_text()]
        assert [path for path in asked if f'"{terraform.PROVIDER_RANGE}"' not in path.read_text()] == []


class TestRegistryAnswers:
    @pytest.mark.parametrize(
        ("status", "body", "expected"),
        [
            (200, '{"modules.v1": "/v1/modules/", "providers.v1": "/v1/providers/"}', True),
            (200, "<html>Please sign in</html>", False),
            (200, "{}", False),
            (403, '{"providers.v1": "/v1/providers/"}', False),
        ],
    )
    def test_only_a_discovery_document_counts(self, status: int, body: str, expected: bool) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the base class
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            url = f"http://127.0.0.1:{server.server_port}/.well-known/terraform.json"
            assert terraform._discovers(url, 2) is expected
            thread.join()

    def test_nobody_listens(self) -> None:
        with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
            url = f"http://127.0.0.1:{server.server_port}/"
        assert terraform._discovers(url, 2) is False

    def test_the_wait_is_limited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        never = threading.Event()
        monkeypatch.setattr(terraform, "_discovers", lambda _url, _timeout: never.wait(120) or True)
        assert terraform.registry_answers("slow.invalid", 0.05) is False
        never.set()


class TestRunning:
    @pytest.fixture(autouse=True)
    def provider(self, cache: Path, registry: Callable[[bool], None]) -> None:
        registry(True)

    @pytest.fixture
    def fake(self, tmp_path: Path, environ: dict[str, str]) -> Callable[[str], terraform.Terraform]:
        def make(body: str) -> terraform.Terraform:
            text = f"""\
            #!{sys.executable}
            import json, os, pathlib, signal, sys, time
            if sys.argv[1] == "version":
                sys.exit(print("Terraform v1.11.4\\non {PLATFORM}"))
            with open("calls", "a") as calls:
                print(*sys.argv[1:], file=calls)
            """
            executable(tmp_path / "bin" / "terraform", textwrap.dedent(text) + textwrap.dedent(body))
            return terraform.find(environ)

        return make

    def test_output_is_kept(self, fake: Callable[[str], terraform.Terraform], tmp_path: Path) -> None:
        tool = fake('print(os.environ["TF_VAR_name"], os.getcwd()); print("careful", file=sys.stderr)')
        done = tool.run(["validate"], tmp_path, env={"TF_VAR_name": "a"})
        assert done.stdout == f"a {tmp_path}\n"
        assert done.stderr == "careful\n"

    def test_failure(self, fake: Callable[[str], terraform.Terraform], tmp_path: Path) -> None:
        tool = fake('print("half"); sys.exit("Error: Unsupported argument")')
        with pytest.raises(terraform.TerraformCommandError, match="Unsupported argument") as caught:
            tool.run(["validate"], tmp_path)
        assert caught.value.returncode == 1
        assert "half" in caught.value.output
        assert tool.run(["validate"], tmp_path, check=False).returncode == 1

    def test_time_limit(self, fake: Callable[[str], terraform.Terraform], tmp_path: Path) -> None:
        tool = fake("time.sleep(60)")
        with pytest.raises(subprocess.TimeoutExpired):
            tool.run(["apply"], tmp_path, timeout=0.5)

    def test_init_renews_a_lock_from_another_source(
        self, fake: Callable[[str], terraform.Terraform], tmp_path: Path
    ) -> None:
        tool = fake('sys.exit(pathlib.Path(".terraform.lock.hcl").exists() and "-upgrade" not in sys.argv)')
        tool.init(tmp_path, "-backend=false")
        (tmp_path / ".terraform.lock.hcl").touch()
        tool.init(tmp_path, "-backend=false")
        plain = "init -input=false -no-color -backend=false"
        assert (tmp_path / "calls").read_text().splitlines() == [plain, plain, f"{plain} -upgrade"]

    def test_init_that_fails_for_another_reason(
        self, fake: Callable[[str], terraform.Terraform], tmp_path: Path
    ) -> None:
        tool = fake('sys.exit("Error: Module not found")')
        with pytest.raises(terraform.TerraformCommandError, match="Module not found"):
            tool.init(tmp_path)
        assert len((tmp_path / "calls").read_text().splitlines()) == 1

    def test_plan_as_json(self, fake: Callable[[str], terraform.Terraform], tmp_path: Path) -> None:
        tool = fake(
            """\
            if sys.argv[1] == "plan":
                values = next(a for a in sys.argv if a.startswith("-var-file=")).partition("=")[2]
                out = next(a for a in sys.argv if a.startswith("-out=")).partition("=")[2]
                pathlib.Path(out).write_text(json.dumps({"values": json.load(open(values)), "args": sys.argv[-1]}))
            else:
                assert sys.argv[1:3] == ["show", "-json"]
                print(pathlib.Path(sys.argv[3]).read_text())
            """
        )
        plan = tool.plan_json(tmp_path, "-refresh=false", variables={"names": ["a", "b"]})
        assert plan == {"values": {"names": ["a", "b"]}, "args": "-refresh=false"}

    def test_outputs(self, fake: Callable[[str], terraform.Terraform], tmp_path: Path) -> None:
        tool = fake('print(json.dumps({"url": {"sensitive": False, "type": "string", "value": "http://a"}}))')
        assert tool.outputs(tmp_path) == {"url": "http://a"}

    def test_an_interrupt_reaches_terraform_once_and_is_waited_for(
        self, fake: Callable[[str], terraform.Terraform], tmp_path: Path, environ: dict[str, str], home: Path
    ) -> None:
        tool = fake(
            """\
            def save(*_):
                with open("interrupts", "a") as handle:
                    handle.write("x")
                time.sleep(0.5)
                pathlib.Path("saved").touch()
                sys.exit(1)
            signal.signal(signal.SIGINT, save)
            pathlib.Path("started").touch()
            time.sleep(240)
            """
        )
        (home / ".terraformrc").touch()  # so that the other process does not ask the registry
        script = (
            "import pathlib; from toolchain import terraform; "
            f"terraform.find({environ!r}).run(['apply'], pathlib.Path({str(tmp_path)!r}))"
        )
        env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
        with subprocess.Popen(
            [sys.executable, "-c", script], env=env, stderr=subprocess.PIPE, start_new_session=True
        ) as caller:
            deadline = time.monotonic() + 120
            while not (tmp_path / "started").exists():
                assert time.monotonic() < deadline, "the fake Terraform did not start"
                time.sleep(0.02)
            os.killpg(caller.pid, signal.SIGINT)  # as a terminal does
            _, err = caller.communicate(timeout=120)
        assert caller.returncode != 0
        assert b"KeyboardInterrupt" in err
        assert (tmp_path / "saved").exists()
        assert (tmp_path / "interrupts").read_text() == "x"
        assert tool.binary.exists()
