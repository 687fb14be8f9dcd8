from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult

class BaseResourceCheck(ABC):
    id: str
    name: str
    entity_type: str
    graph: Any
    def __init__(
        self,
        name: str,
        id: str,
        categories: Iterable[CheckCategories],
        supported_resources: Iterable[str],
        guideline: str | None = None,
    ) -> None: ...
    @abstractmethod
    def scan_resource_conf(self, conf: dict[str, list[Any]]) -> CheckResult: ...
