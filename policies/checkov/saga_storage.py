"""What is stored: it can be restored, is not deleted by mistake, and is kept long enough."""

from __future__ import annotations

import re

from checkov.common.models.enums import CheckCategories
from saga_resources import Resource, check, is_known, is_true

_PRODUCTION = re.compile(r"(^|[^a-z])(prod|live)", re.IGNORECASE)


@check(
    18,
    "A table in production has deletion protection and point-in-time recovery",
    "aws_dynamodb_table",
    category=CheckCategories.BACKUP_AND_RECOVERY,
)
def production_table_is_safe(resource: Resource) -> bool | None:
    """The environment is told by the tag ``Environment``, else by the name. A table without tags is production's."""
    recovery = resource.block("point_in_time_recovery").get("enabled")
    if is_true(resource.get("deletion_protection_enabled")) and is_true(recovery):
        return True
    production = _is_production(resource)
    if production is None or resource.is_unknown("deletion_protection_enabled") or not is_known(recovery):
        return None
    return not production


def _is_production(resource: Resource) -> bool | None:
    tags = resource.tags
    if tags is None:
        return None
    environment = tags.get("Environment", tags.get("environment"))
    if environment is None:
        return not tags or bool(_PRODUCTION.search(str(resource.get("name"))))
    return bool(re.match("prod|live", environment, re.IGNORECASE))


@check(
    19,
    "A log group has a retention and a customer managed key",
    "aws_cloudwatch_log_group",
    category=CheckCategories.LOGGING,
)
def logs_are_kept_and_encrypted(resource: Resource) -> bool | None:
    """Without a retention logs are kept, and paid, for ever; without a key whoever reads them needs none."""
    return bool(resource.get("kms_key_id")) and str(resource.get("retention_in_days") or 0) != "0"
