"""Metric alarms over CloudWatch's Query protocol, which AWS providers before 6.50 speak.

Stock MiniStack 1.5.33 keeps an alarm without its insufficient-data actions and metric queries, and describes it without
most of its fields, so that every alarm differs from its configuration in the next plan.

AWS describes every field that was put
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html).
"""

import json
from typing import Any
from xml.sax.saxutils import escape

from emulator.patching import module, replace

cloudwatch = module("services.cloudwatch")
_stock: dict[str, Any] = {}
_OF_SINGLE_METRICS = ("MetricName", "Namespace", "Statistic", "Period", "Dimensions")
_NOT_KEPT = ("Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile")


def apply() -> None:
    """Put the correction in place."""
    _stock["put"] = replace(cloudwatch, "_put_metric_alarm", _put_metric_alarm)
    _stock["describe"] = replace(cloudwatch, "_describe_alarms", _describe_alarms)


def _put_metric_alarm(params: dict[str, Any], cbor_data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
    is_query = not is_cbor and not is_json
    data = _from_query(params) if is_query else cbor_data
    status, headers, body = _stock["put"](params, data, is_cbor, is_json or is_query)
    if status == 200:
        alarm = cloudwatch._alarms[data["AlarmName"]]
        alarm |= {name: data[name] for name in _NOT_KEPT if name in data}
        for name in _OF_SINGLE_METRICS if "Metrics" in data else ("Statistic",) if "ExtendedStatistic" in data else ():
            alarm[name] = None
        return cloudwatch._xml(200, "PutMetricAlarmResponse", "") if is_query else (status, headers, body)
    return _query_error(status, body) if is_query else (status, headers, body)


def _describe_alarms(params: dict[str, Any], cbor_data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
    if is_cbor or is_json:
        return _stock["describe"](params, cbor_data, is_cbor, is_json)
    status, _, body = _stock["describe"]({}, _from_query(params), False, True)
    if status != 200:
        return _query_error(status, body)
    return cloudwatch._xml(
        200, "DescribeAlarmsResponse", f"<DescribeAlarmsResult>{_to_xml(json.loads(body))}</DescribeAlarmsResult>"
    )


def _query_error(status: int, body: bytes) -> Any:
    error = json.loads(body)
    return cloudwatch._error(error["__type"], error["message"], status)


def _from_query(params: dict[str, Any]) -> dict[str, Any]:
    """The request behind Query parameters: "Dimensions.member.1.Name=a" is {"Dimensions": [{"Name": "a"}]}."""
    tree: dict[str, Any] = {}
    for key in params:
        if cloudwatch._p(params, key) == "":
            continue  # how SDKs write an empty list
        *path, last = key.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = _typed(last, cloudwatch._p(params, key))
    found: dict[str, Any] = _lists(tree)
    return found


def _typed(name: str, value: str) -> Any:
    if name in {"ActionsEnabled", "ReturnData"}:
        return value.lower() == "true"
    return int(value) if name in {"Period", "MaxRecords"} and value.isdigit() else value


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"}:
        return [_lists(node["member"][index]) for index in sorted(node["member"], key=int)]
    return {name: _lists(value) for name, value in node.items()}


def _to_xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(
            f"<{name}>{cloudwatch._ts_iso(item) if name.endswith('Timestamp') else _to_xml(item)}</{name}>"
            for name, item in value.items()
            if item is not None
        )
    if isinstance(value, list):
        return "".join(f"<member>{_to_xml(item)}</member>" for item in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
