"""What a check sees of a resource: checkov's configuration of it, from HCL or from a plan, in one form.

checkov has a value in a list of one where it comes from HCL, and leaves what it cannot work out as the text of the
expression. In a plan, what only the apply finds out is missing, or `true_after_unknown` where the environment variable
EVAL_TF_PLAN_AFTER_UNKNOWN is set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

_EXPRESSION = re.compile(
    r"\$\{|true_after_unknown|(^|[^\w.])(var|local|module|data|each|self|count|path)\.\w"
    r"|^aws_\w+\.\w|^\w+\(|\[for |\? "
)
_REFERENCE = re.compile(r"^(?:\$\{)?((?:module\.[\w\[\]\"-]+\.)*aws_\w+\.[\w-]+)(?:\[[^\]]*\])?\.(\w+)\}?$")

COMPUTED = "true_after_unknown"
"""What a plan has for an argument that is not given, where the provider fills it in."""


def is_known(value: object) -> bool:
    """Whether the value, and everything in it, is known and no expression."""
    if isinstance(value, str):
        return not _EXPRESSION.search(value)
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return True


def unwrapped(value: object) -> Any:
    """The value out of the lists of one that checkov has put it in; None for an empty list."""
    while isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    return value


def strings(value: object) -> list[str]:
    """A string or lists of strings as one list."""
    if isinstance(value, list | tuple | set):
        return [text for item in value for text in strings(item)]
    return [] if value is None else [str(value)]


def is_true(value: object) -> bool:
    """Whether the value is true, as a boolean or as text."""
    return str(unwrapped(value)).lower() == "true"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: its type, its address, its configuration as checkov has it."""

    kind: str
    address: str
    configuration: Mapping[str, Any]
    graph: Any = None

    @property
    def module(self) -> str:
        """The address of its module, with a dot at the end; empty for the root."""
        return self.address[: self.address.rindex(f"{self.kind}.")] if f"{self.kind}." in self.address else ""

    def get(self, name: str) -> Any:
        """An argument, None where it is not given."""
        return unwrapped(self.configuration.get(name))

    def block(self, name: str) -> Mapping[str, Any]:
        """A block that there is at most once; empty where it is not given or not known."""
        found = self.get(name)
        return found if isinstance(found, Mapping) else {}

    def is_unknown(self, name: str) -> bool:
        """Whether the argument is given, and its value is not known."""
        found = self.get(name)
        return found is not None and not is_known(found)

    @property
    def tags(self) -> Mapping[str, str] | None:
        """The tags, with the provider's; None where they are not known."""
        found: dict[str, str] = {}
        for name in ("tags", "tags_all"):
            tags = self.get(name)
            while isinstance(tags, list) and tags:
                tags = tags[0]
            if isinstance(tags, Mapping):
                found |= {key: str(unwrapped(value)) for key, value in tags.items() if is_known(unwrapped(value))}
            elif tags and name == "tags":
                return None
        return found

    def others(self, *kinds: str) -> Iterator[Resource]:
        """The resources of these types in the same scan."""
        for node in self.graph.nodes() if self.graph else ():
            attributes = node[1] if isinstance(node, tuple) else node
            kind = attributes.get("resource_type")
            if attributes.get("block_type_") != "resource" or kind not in kinds:
                continue
            for configuration in attributes["config_"][kind].values():
                yield Resource(kind, str(attributes.get("__address__", "")), configuration, self.graph)


def refers_to(value: object, resource: Resource, *attributes: str, origin: Resource) -> bool:
    """Whether the value, an argument of ``origin``, is one of these attributes of the resource or refers to it."""
    text = str(unwrapped(value))
    found = _REFERENCE.match(text)
    if found:
        own = resource.address.removeprefix(origin.module)
        return (
            found[2] in attributes and resource.module == origin.module and re.sub(r"\[[^\]]*\]$", "", own) == found[1]
        )
    return any(is_known(own) and own == text for own in map(resource.get, attributes) if own is not None)


Passes = Callable[[Resource], bool | None]
"""Whether a resource is as it should be; None where that cannot be told."""


class _Check(BaseResourceCheck):
    def __init__(self, number: int, name: str, kinds: Sequence[str], category: CheckCategories, passes: Passes) -> None:
        super().__init__(name=name, id=f"CKV_SAGA_{number}", categories=[category], supported_resources=kinds)
        self._passes = passes

    def scan_resource_conf(self, conf: dict[str, list[Any]]) -> CheckResult:
        """What checkov calls for a resource."""
        passes = self._passes(Resource(self.entity_type, str(conf.get("__address__", "")), conf, self.graph))
        if passes is None:
            return CheckResult.UNKNOWN
        return CheckResult.PASSED if passes else CheckResult.FAILED


def check(
    number: int, name: str, *kinds: str, category: CheckCategories = CheckCategories.GENERAL_SECURITY
) -> Callable[[Passes], Passes]:
    """Make a check of a function.

    Args:
        number: the check is ``CKV_SAGA_<number>``.
        name: what has to be so, in a sentence.
        kinds: types of the resources that it is of.
        category: checkov's.

    Returns:
        A decorator, which leaves the function as it is.
    """

    def register(passes: Passes) -> Passes:
        _Check(number, name, kinds, category, passes)
        return passes

    return register
