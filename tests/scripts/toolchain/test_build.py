"""Packages: what is in them, that they are the same everywhere, and that they load."""

import base64
import dataclasses
import hashlib
import io
import json
import marshal
import os
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from toolchain import archive, build, bytecode, dependencies
from toolchain.build import Builder, BuildError
from toolchain.dependencies import DependencyError

from . import conftest as example

ROOT = Path(__file__).resolve().parents[3]
TAG = f"cpython-{sys.version_info.major}{sys.version_info.minor}"


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as opened:
        return set(opened.namelist())


def sources(path: Path) -> set[str]:
    return {name for name in names(path) if "__pycache__" not in name}


class TestContent:
    def test_own_code_schemas_and_imported_modules(self, project: Builder) -> None:
        built = project.build()
        assert sources(built["stock"].path) == {
            "licenses/needed-LICENSE",
            "needed/__init__.py",
            "needed/helper.py",
            "needed/otherwise.py",
            "needed/used.py",
            "saga_kit/__init__.py",
            "saga_kit/schemas/Meta.v1.json",
            "saga_kit/step.py",
            "sale/schemas/Basket.v1.json",
            "sale/schemas/Placed.v1.json",
            "stock/__init__.py",
            "stock/handlers.py",
            "stock/schemas/Reserved.v1.json",
            "typing_extensions.py",
        }

    def test_aws_models(self, project: Builder) -> None:
        assert not any(name.startswith("botocore_data") for name in names(project.build()["sale"].path))
        settings = example.FILES["sale/package.toml"] + 'aws_models = ["dynamodb"]\n'
        example.write(project.lambdas, {"sale/package.toml": settings})
        assert "botocore_data/dynamodb/2012-08-10/service-2.json" in names(project.build()["sale"].path)

    def test_every_module_has_its_bytecode(self, project: Builder) -> None:
        for built in project.build().values():
            modules = {name for name in sources(built.path) if name.endswith(".py")}
            expected = {project.python.cache_path(name) for name in modules}
            assert {name for name in names(built.path) if name.endswith(".pyc")} == expected

    def test_a_package_may_be_the_kit_alone(self, project: Builder) -> None:
        example.write(project.lambdas, {"relay/package.toml": '[package]\nname = "relay"\ndependencies = ["needed"]\n'})
        assert {name.partition("/")[0] for name in sources(project.build()["relay"].path)} == {
            "licenses",
            "needed",
            "saga_kit",
            "typing_extensions.py",
        }

    def test_own_sources_are_kept_and_dependencies_lose_their_texts(self, project: Builder) -> None:
        with zipfile.ZipFile(project.build()["stock"].path) as opened:
            assert opened.read("saga_kit/step.py").decode() == example.FILES["saga_kit/step.py"]
            used = opened.read("needed/used.py").decode()
        assert "Twice" not in used
        assert "a comment" not in used
        assert "return helper.times(n, 2)" in used

    def test_manifest(self, project: Builder) -> None:
        built = project.build()
        manifest = json.loads((project.output / "manifest.json").read_text())
        content = (project.output / "stock.zip").read_bytes()
        assert manifest.keys() == {"sale", "stock"}
        assert manifest["stock"] == {
            "path": "dist/stock.zip",
            "sha256_base64": base64.b64encode(hashlib.sha256(content).digest()).decode(),
            "size": len(content),
        }
        assert built["stock"] == build.Built(
            project.output / "stock.zip", manifest["stock"]["sha256_base64"], len(content)
        )

    def test_size_limit(self, project: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
        size = project.build()["stock"].size
        example.write(project.lambdas, {"stock/noise.txt": "x"})
        monkeypatch.setattr(build, "LIMIT", size)
        with pytest.raises(BuildError, match=rf"stock\.zip has [\d,]+ bytes: expected at most {size:,}"):
            project.build()

    def test_a_limit_of_its_own(self, project: Builder) -> None:
        size = project.build()["stock"].size
        path = project.lambdas / "stock" / "package.toml"
        text = path.read_text()
        path.write_text(f"{text}limit = {size}\n")
        assert project.build()["stock"].size == size
        path.write_text(f"{text}limit = {size - 1}\n")
        with pytest.raises(BuildError, match=f"expected at most {size - 1:,}"):
            project.build()
        path.write_text(f'{text}limit = "much"\n')
        with pytest.raises(BuildError, match="limit: expected a number of bytes, got 'much'"):
            project.build()

    def test_the_limit_is_the_one_that_was_agreed(self) -> None:
        assert build.LIMIT == 350_000


class TestReproducibility:
    def test_other_folder_umask_time_and_order(self, tmp_path: Path) -> None:
        """Two processes that differ in all that must not matter."""
        script = """
            import importlib.util, os, sys
            os.umask(int(sys.argv[2], 8))
            spec = importlib.util.spec_from_file_location("conftest", sys.argv[3])
            conftest = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(conftest)
            if sys.argv[4] == "backwards":
                conftest.FILES = dict(reversed(conftest.FILES.items()))
            from pathlib import Path
            conftest.make_project(Path(sys.argv[1])).build()
        """
        outputs = []
        for folder, umask, order, seed, zone in (
            ("a", "000", "forwards", "0", "UTC"),
            ("b/somewhere else", "077", "backwards", "1234", "Asia/Tokyo"),
        ):
            arguments = [str(tmp_path / folder), umask, str(Path(example.__file__)), order]
            env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONHASHSEED": seed, "TZ": zone}
            subprocess.run([sys.executable, "-c", textwrap.dedent(script), *arguments], env=env, check=True)
            outputs.append({path.name: path.read_bytes() for path in (tmp_path / folder / "dist").iterdir()})
            time.sleep(2 if not outputs[1:] else 0)  # the resolution of times in a zip
        assert outputs[0].keys() == {"manifest.json", "sale.zip", "stock.zip"}
        assert outputs[0] == outputs[1]

    def test_entries_carry_nothing_of_the_machine(self) -> None:
        packed = archive.pack({"b": b"2", "a/c": b"1" * 1000})
        with zipfile.ZipFile(io.BytesIO(packed)) as opened:
            entries = opened.infolist()
        assert [entry.filename for entry in entries] == ["a/c", "b"]
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
        assert {entry.create_system for entry in entries} == {3}
        assert {entry.compress_type for entry in entries} == {zipfile.ZIP_DEFLATED}
        assert entries[0].compress_size < 100

    def test_bytecode_does_not_depend_on_what_the_interpreter_holds(self) -> None:
        source = b"def f(x):\n    return {'alpha', 'beta', 'gamma'} & {x} or ('some text', b'bytes', 1.5, 10**30)\n"
        here = bytecode.compile_source("a/b.py", source)
        held = "'some text', 'alpha', 'f', 'x'"
        program = (
            f"import sys; keep = [sys.intern(t) for t in ({held})]; sys.path.insert(0, {str(ROOT / 'scripts')!r}); "
            "from toolchain import bytecode; sys.stdout.buffer.write("
            f"bytecode.compile_source('a/b.py', {source!r}))"
        )
        for seed in ("1", "2"):
            env = {**os.environ, "PYTHONHASHSEED": seed}
            there = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True).stdout
            assert there == here


class TestInputs:
    def test_only_what_changed_is_built_again(self, project: Builder) -> None:
        project.build()
        before = {path.name: path.stat().st_mtime_ns for path in project.output.iterdir()}
        assert project.build().keys() == {"sale", "stock"}
        assert {path.name: path.stat().st_mtime_ns for path in project.output.iterdir()} == before
        example.write(project.lambdas, {"stock/handlers.py": "x = 1\n"})
        project.build()
        after = {path.name: path.stat().st_mtime_ns for path in project.output.iterdir()}
        assert after["sale.zip"] == before["sale.zip"]
        assert after["stock.zip"] != before["stock.zip"]

    @pytest.mark.parametrize(
        "change",
        [
            {"lambdas/saga_kit/step.py": "x = 1\n"},
            {"lambdas/sale/schemas/Placed.v1.json": '{"type": "object"}'},
            {"lambdas/stock/package.toml": example.FILES["stock/package.toml"] + 'aws_models = ["events"]\n'},
            {"dist/stock.zip": "damaged"},
        ],
    )
    def test_what_counts_as_a_change(self, project: Builder, change: Mapping[str, str]) -> None:
        before = project.build()["stock"]
        example.write(project.output.parent, change)
        after = project.build()["stock"]
        assert hashlib.sha256(after.path.read_bytes()).digest() == base64.b64decode(after.sha256_base64)
        assert (after == before) == ("dist/stock.zip" in change)

    def test_another_python_counts_as_a_change(self, project: Builder) -> None:
        before = project.build()["stock"]
        other = dataclasses.replace(project.python, version=f"{project.python.minor}.99")
        assert dataclasses.replace(project, python=other)._inputs(*self.stock(project)) != project._inputs(
            *self.stock(project)
        )
        assert before.path.exists()

    @staticmethod
    def stock(project: Builder) -> tuple[build.Package, dict[str, bytes]]:
        package = build.load(project.lambdas / "stock")
        return package, build.own_files(package, project.lambdas)

    def test_a_package_that_has_gone_leaves_the_manifest(self, project: Builder) -> None:
        project.build()
        (project.lambdas / "sale" / "package.toml").unlink()
        assert project.build().keys() == {"stock"}
        assert json.loads((project.output / "manifest.json").read_text()).keys() == {"stock"}


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("name = ", r"stock/package\.toml: Invalid value"),
            ('name = "stock"', r"stock/package\.toml: expected a table \[package\]"),
            ('[package]\nname = "shop"', r"name: expected 'stock', the folder's name, got 'shop'"),
            ('[package]\nname = "stock"\nconsume = []', r"consume: expected one of name, dependencies, consumes"),
            ('[package]\nname = "stock"\nconsumes = "Placed.v1"', r"consumes: expected a list of strings, got 'Placed"),
            ('[package]\nname = "stock"\ndependencies = [1]', r"dependencies: expected a list of strings, got \[1\]"),
            ('[package]\nname = "stock"\naws_models = ["s3"]', r"aws_models: expected any of dynamodb, .*, got 's3'"),
            ('[package]\nname = "stock"\nconsumes = ["Lost.v1"]', r"stock needs the schema Lost\.v1: .* found none"),
        ],
    )
    def test_settings(self, project: Builder, text: str, message: str) -> None:
        example.write(project.lambdas, {"stock/package.toml": text})
        with pytest.raises(BuildError, match=message):
            project.build()

    def test_a_schema_of_two_owners(self, project: Builder) -> None:
        example.write(project.lambdas, {"post/schemas/Placed.v1.json": "{}"})
        with pytest.raises(BuildError, match=r"Placed\.v1: expected one file of that name, found post/.*, sale/"):
            project.build()

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("import unheard_of", "imports unheard_of, which is neither in Lambda's runtime nor in requirements"),
            ("def f():\n    import unheard_of", "imports unheard_of"),
        ],
    )
    def test_an_import_that_nothing_provides(self, project: Builder, code: str, message: str) -> None:
        example.write(project.lambdas, {"stock/handlers.py": code})
        with pytest.raises(DependencyError, match=rf"stock/handlers\.py {message}"):
            project.build()

    def test_an_import_that_is_not_declared(self, project: Builder) -> None:
        example.write(project.lambdas, {"stock/package.toml": '[package]\nname = "stock"\n'})
        with pytest.raises(DependencyError, match=r"imports needed: add needed to dependencies in package\.toml"):
            project.build()

    def test_a_name_that_the_stand_in_does_not_have(self, project: Builder) -> None:
        example.write(project.lambdas, {"stock/handlers.py": "from typing_extensions import override"})
        example.write(
            project.lambdas,
            {"stock/package.toml": '[package]\nname="stock"\ndependencies=["needed", "typing-extensions"]'},
        )
        with pytest.raises(DependencyError, match=r"typing_extensions\.override, which .* does not have"):
            project.build()

    def test_code_that_does_not_compile(self, project: Builder) -> None:
        example.write(
            project.lambdas, {"stock/schemas.py": "x = 1", "stock/handlers.py": "import json\nmatch = match x"}
        )
        with pytest.raises(DependencyError, match=r"stock/handlers\.py, line 2: invalid syntax"):
            project.build()

    def test_code_that_the_other_python_does_not_compile(self, project: Builder, tmp_path: Path) -> None:
        fake = tmp_path / "python"
        fake.write_text("#!/bin/sh\necho 'stock/handlers.py, line 7: invalid syntax' >&2; exit 1\n")
        fake.chmod(0o755)
        other = dataclasses.replace(project, python=build.Interpreter(fake, project.python.version))
        with pytest.raises(BuildError, match=r"Python 3\.\S+ cannot compile stock/handlers\.py, line 7"):
            other.build()

    def test_a_wheel_for_one_platform_is_refused(self, tmp_path: Path) -> None:
        wheel = example.wheel(tmp_path, "fast-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", {"fast/__init__.py": ""})
        with pytest.raises(DependencyError, match=r"fast-1\.0-.*\.whl is not pure Python"):
            dependencies.unpack([wheel], tmp_path / "modules")
        assert not (tmp_path / "modules").exists()

    def test_a_download_that_fails_leaves_nothing_behind(
        self, project: Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name, value in {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path),
            "PIP_CONFIG_FILE": os.devnull,
        }.items():
            monkeypatch.setenv(name, value)
        project.lock.write_text(f"needed==2.0 --hash=sha256:{'0' * 64}\n")
        with pytest.raises(DependencyError, match=r"lambda\.txt could not be downloaded:\n.*needed==2\.0"):
            project.build()
        assert not (project.dependencies_folder() / "wheels").exists()

    def test_a_python_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        other = next(version for version in build.PYTHONS if version != build.interpreter().minor)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(BuildError, match=rf"--python {other} needs that Python .* no python{other} on PATH"):
            build.interpreter(other)
        fake = tmp_path / f"python{other}"
        fake.write_text("#!/bin/sh\nexit 127\n")
        fake.chmod(0o755)
        with pytest.raises(BuildError, match=f"no python{other} on PATH that starts"):
            build.interpreter(other)
        fake.write_text(f"#!/bin/sh\necho {other}.4\n")
        assert build.interpreter(other) == build.Interpreter(fake, f"{other}.4")
        with pytest.raises(BuildError, match=r"--python 3\.9: expected one of 3\.11, 3\.12, 3\.13"):
            build.interpreter("3.9")


class TestLoading:
    @pytest.fixture
    def unpacked(self, project: Builder, tmp_path: Path) -> Path:
        with zipfile.ZipFile(project.build()["stock"].path) as opened:
            opened.extractall(tmp_path / "task")
        return tmp_path / "task"

    def run(self, unpacked: Path, code: str) -> str:
        program = f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{code}"
        command = [sys.executable, "-I", "-S", "-W", "error", "-c", program]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def test_the_handler_runs_in_a_bare_interpreter(self, unpacked: Path) -> None:
        assert self.run(unpacked, "from stock.handlers import reserve; print(reserve(21, None))") == "42\n"

    def test_the_bytecode_is_what_runs(self, unpacked: Path) -> None:
        for path in unpacked.rglob("*.py"):
            path.write_text("raise ImportError('the source was compiled again')\n")
        assert self.run(unpacked, "from stock.handlers import reserve; print(reserve(21, None))") == "42\n"

    def test_without_bytecode_the_sources_run(self, unpacked: Path) -> None:
        for path in unpacked.rglob("*.pyc"):
            path.unlink()
        assert self.run(unpacked, "from stock.handlers import reserve; print(reserve(21, None))") == "42\n"

    def test_tracebacks_show_where_lambda_unpacks(self, unpacked: Path) -> None:
        header = 16
        content = (unpacked / "stock" / "__pycache__" / f"handlers.{TAG}.pyc").read_bytes()
        code = marshal.loads(content[header:])  # noqa: S302  # what was just built
        assert code.co_filename == "/var/task/stock/handlers.py"


def test_of_the_shared_package_only_what_is_used_is_there() -> None:
    sources = {
        "saga_kit/__init__.py": b"",
        "saga_kit/used.py": b"def work():\n    from saga_kit import deeper\n",
        "saga_kit/deeper.py": b"import json\n",
        "saga_kit/unused.py": b"from saga_kit import used\n",
        "shop/handlers.py": b"from saga_kit.used import work\n",
    }
    needed = dependencies.in_use(sources, "shop", "saga_kit")
    assert needed == {"saga_kit/__init__.py", "saga_kit/used.py", "saga_kit/deeper.py"}
    # One that is nothing but the shared package, as the relay is, has all of it.
    assert dependencies.in_use(sources, "relay", "saga_kit") == {path for path in sources if "saga_kit/" in path}
    # What is no Python is told where the imports are checked.
    assert dependencies.in_use({**sources, "saga_kit/used.py": b"def"}, "shop", "saga_kit") == {
        "saga_kit/__init__.py",
        "saga_kit/used.py",
    }
