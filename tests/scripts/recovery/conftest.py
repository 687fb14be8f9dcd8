"""A service's table as moto has it, and the environment of its handlers."""

from tests.unit.conftest import service_environment, table

__all__ = ["service_environment", "table"]
