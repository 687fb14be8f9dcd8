"""What AWS does and stock MiniStack does not: each passes on the corrected emulator and fails on the stock one."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import httpx
from botocore.exceptions import ClientError

from emulator.server import DEFAULT_REGION

from .world import FAIL, SUCCEED, World

# EventBridge to functions: asynchronous invocation


def check_failed_event_is_retried_under_its_request_id(world: World) -> None:
    world.rule("placed", world.function("take", FAIL))
    world.permit("take", "placed")
    world.put("placed")
    invocations = world.invoked("take", 3)
    assert len({invocation["request_id"] for invocation in invocations}) == 1
    assert [invocation["event"]["detail"] for invocation in invocations] == [{"order": 1}] * 3


def check_invoke_config_of_the_alias_counts(world: World) -> None:
    world.function("take", FAIL, Publish=True)
    functions = world.client("lambda")
    alias = functions.create_alias(FunctionName="take", Name="live", FunctionVersion="1")["AliasArn"]
    functions.put_function_event_invoke_config(FunctionName="take", MaximumRetryAttempts=0)
    functions.put_function_event_invoke_config(FunctionName="take", Qualifier="live", MaximumRetryAttempts=1)
    world.rule("placed", alias)
    world.permit("take", "placed", Qualifier="live")
    world.put("placed")
    assert [invocation["arn"] for invocation in world.invoked("take", 2)] == [alias, alias]


def check_failure_reaches_a_bus(world: World) -> None:
    arn = world.function("take", FAIL)
    bus = world.arn("events", "event-bus/default")
    _on_failure(world, "take", bus, MaximumRetryAttempts=1)
    world.rule("placed", arn)
    world.permit("take", "placed")
    seen = world.queue("seen")
    world.rule("failed", seen.arn, source=["lambda"], detail={"requestContext": {"functionArn": [f"{arn}:$LATEST"]}})
    world.put("placed")
    event = json.loads(world.messages(seen)[0]["Body"])
    invocations = world.invocations("take")
    assert event["source"] == "lambda"
    assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert event["resources"] == [bus, f"{arn}:$LATEST"]
    detail = event["detail"]
    assert detail.pop("timestamp").endswith("Z")
    assert detail.pop("responsePayload")["errorMessage"] == "no such card"
    assert detail == {
        "version": "1.0",
        "requestContext": {
            "requestId": invocations[0]["request_id"],
            "functionArn": f"{arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 2,
        },
        "requestPayload": invocations[0]["event"],
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }


def check_failure_reaches_a_queue(world: World) -> None:
    arn = world.function("take", FAIL)
    failed = world.queue("failed", rules_may_send=False)
    _on_failure(world, "take", failed.arn, MaximumRetryAttempts=0)
    _invoke(world, "take", {"order": 2})
    record = json.loads(world.messages(failed)[0]["Body"])
    assert record["requestContext"]["functionArn"] == f"{arn}:$LATEST"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"order": 2}
    assert record["version"] == "1.0"


def check_dead_letter_queue_gets_the_event_itself(world: World) -> None:
    dead = world.queue("dead", rules_may_send=False)
    world.function("take", FAIL, DeadLetterConfig={"TargetArn": dead.arn})
    _invoke(world, "take", {"order": 3})
    message = world.messages(dead)[0]
    assert json.loads(message["Body"]) == {"order": 3}
    assert _attributes(message) == {
        "RequestID": world.invocations("take")[0]["request_id"],
        "ErrorCode": "200",
        "ErrorMessage": "no such card",
    }


def check_throttled_events_are_kept(world: World) -> None:
    world.rule("placed", world.function("take", "time.sleep(0.3)"))
    world.permit("take", "placed")
    world.client("lambda").put_function_concurrency(FunctionName="take", ReservedConcurrentExecutions=1)
    for order in range(3):
        world.put("placed", {"order": order})
    orders = [invocation["event"]["detail"]["order"] for invocation in world.invoked("take", 3)]
    assert sorted(orders) == [0, 1, 2]


def check_throttled_event_gets_too_old(world: World) -> None:
    world.function("take", "time.sleep(event.get('seconds', 0))")
    failed = world.queue("failed", rules_may_send=False)
    _on_failure(world, "take", failed.arn, MaximumEventAgeInSeconds=60)
    world.client("lambda").put_function_concurrency(FunctionName="take", ReservedConcurrentExecutions=1)
    _invoke(world, "take", {"seconds": 6})
    world.until(lambda: world.invocations("take"), "the first invocation")
    _invoke(world, "take", {"late": True})
    record = json.loads(world.messages(failed)[0]["Body"])
    assert record["requestPayload"] == {"late": True}
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0


def check_event_for_a_function_without_concurrency_fails_at_once(world: World) -> None:
    world.function("take")
    failed = world.queue("failed", rules_may_send=False)
    _on_failure(world, "take", failed.arn)
    world.client("lambda").put_function_concurrency(FunctionName="take", ReservedConcurrentExecutions=0)
    _invoke(world, "take", {"order": 4})
    record = json.loads(world.messages(failed)[0]["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert world.invocations("take") == []


def check_error_type_is_the_exceptions(world: World) -> None:
    world.function("take", FAIL)
    answer = world.client("lambda").invoke(FunctionName="take", Payload=b"{}")
    error = json.loads(answer["Payload"].read())
    assert error["errorType"] == "PaymentFailed"
    assert error["errorMessage"] == "no such card"
    assert error["requestId"] == world.invocations("take")[0]["request_id"]


# EventBridge: permissions and dead-letter queues of rule targets


def check_rule_needs_the_functions_permission(world: World) -> None:
    arn = world.function("take")
    world.permit("take", "other")
    dead = world.queue("dead")
    world.rule("placed", arn, dead)
    world.put("placed", {"order": 5})
    message = world.messages(dead)[0]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("placed", "OrderPlaced", {"order": 5})
    attributes = _attributes(message)
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": world.arn("events", "rule/placed"),
        "TARGET_ARN": arn,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }
    assert world.invocations("take") == []


def check_event_for_a_missing_function_is_a_dead_letter(world: World) -> None:
    dead = world.queue("dead")
    world.rule("placed", world.arn("lambda", "function:gone"), dead)
    world.put("placed")
    assert _attributes(world.messages(dead)[0])["ERROR_CODE"] == "NO_RESOURCE"


def check_rule_needs_the_queues_policy(world: World) -> None:
    closed, dead = world.queue("closed", rules_may_send=False), world.queue("dead")
    world.rule("placed", closed.arn, dead)
    world.put("placed")
    assert _attributes(world.messages(dead)[0])["ERROR_CODE"] == "NO_PERMISSIONS"
    assert world.is_empty(closed)


def check_rule_needs_the_queues_key(world: World) -> None:
    keys = world.client("kms")
    closed_key = keys.create_key()["KeyMetadata"]["Arn"]
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": world.account_id},
            "ArnLike": {"kms:EncryptionContext:aws:sqs:arn": f"arn:aws:sqs:*:{world.account_id}:*"},
        },
    }
    open_key = keys.create_key(Policy=json.dumps({"Statement": [policy]}))["KeyMetadata"]["Arn"]
    dead = world.queue("dead", KmsMasterKeyId=open_key)
    closed = world.queue("closed", KmsMasterKeyId=closed_key)
    world.rule("placed", closed.arn, dead)
    world.put("placed")
    assert _attributes(world.messages(dead)[0])["ERROR_CODE"] == "NO_PERMISSIONS"
    assert world.is_empty(closed)


def check_dead_letter_queue_needs_a_policy(world: World) -> None:
    dead, closed = world.queue("dead"), world.queue("closed", rules_may_send=False)
    world.rule("lost", world.arn("lambda", "function:gone"), closed)
    world.rule("placed", world.arn("lambda", "function:gone"), dead)
    world.put("lost")
    world.put("placed")
    world.messages(dead)
    assert world.is_empty(closed)


# DynamoDB streams


def check_stream_batch_is_given_up_after_its_retries(world: World) -> None:
    function = world.function("relay", "if '\"x\"' in json.dumps(event): raise PaymentFailed()")
    stream = world.table("steps")
    failed = world.queue("failed", rules_may_send=False)
    settings = {"MaximumRetryAttempts": 2, "DestinationConfig": {"OnFailure": {"Destination": failed.arn}}}
    world.write("steps", "a", "x")
    world.mapping(stream, function, BatchSize=10, **settings)
    record = json.loads(world.messages(failed)[0]["Body"])
    world.write("steps", "b")
    world.until(lambda: "b" in world.batches("relay"), "the next batch")
    assert world.batches("relay") == ["ax", "ax", "ax", "b"]
    first, second = [change["dynamodb"] for change in world.invocations("relay")[0]["event"]["Records"]]
    info = record.pop("DDBStreamBatchInfo")
    assert info["approximateArrivalOfFirstRecord"] <= info["approximateArrivalOfLastRecord"]
    assert info["shardId"].startswith("shardId-")
    assert {key: info[key] for key in ("startSequenceNumber", "endSequenceNumber", "batchSize", "streamArn")} == {
        "startSequenceNumber": first["SequenceNumber"],
        "endSequenceNumber": second["SequenceNumber"],
        "batchSize": 2,
        "streamArn": stream,
    }
    assert record.pop("timestamp").endswith("Z")
    assert record["requestContext"].pop("requestId")
    assert record == {
        "version": "1.0",
        "requestContext": {"functionArn": function, "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    }


def check_failing_stream_batch_is_bisected(world: World) -> None:
    function = world.function("relay", "if '\"x\"' in json.dumps(event): raise PaymentFailed()")
    stream = world.table("steps")
    failed = world.queue("failed", rules_may_send=False)
    world.write("steps", "a", "b", "x", "c")
    world.mapping(
        stream,
        function,
        BatchSize=10,
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": failed.arn}},
    )
    record = json.loads(world.messages(failed)[0]["Body"])
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    assert record["requestContext"]["approximateInvokeCount"] == 2
    world.until(lambda: "c" in world.batches("relay"), "the record after the failing one")
    assert world.batches("relay") == ["abxc", "ab", "xc", "x", "x", "c"]


def check_partial_batch_response_moves_on(world: World) -> None:
    body = """
bad = [r["dynamodb"]["SequenceNumber"] for r in event["Records"] if r["dynamodb"]["Keys"]["pk"]["S"] == "x"]
return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}
""".strip()
    function, stream = world.function("relay", body), world.table("steps")
    failed = world.queue("failed", rules_may_send=False)
    world.write("steps", "a", "x", "b")
    world.mapping(
        stream,
        function,
        BatchSize=10,
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": failed.arn}},
    )
    record = json.loads(world.messages(failed)[0]["Body"])
    world.until(lambda: world.batches("relay")[-1] == "b", "the record after the failing one")
    assert world.batches("relay") == ["axb", "xb", "x", "x", "b"]
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    assert "functionError" not in record["responseContext"]


def check_old_stream_records_are_given_up(world: World) -> None:
    function, stream = world.function("relay", FAIL), world.table("steps")
    failed = world.queue("failed", rules_may_send=False)
    settings = {"MaximumRecordAgeInSeconds": 1, "DestinationConfig": {"OnFailure": {"Destination": failed.arn}}}
    world.write("steps", "a")
    world.mapping(stream, function, **settings)
    record = json.loads(world.messages(failed)[0]["Body"])
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"


def check_busy_stream_mapping_holds_up_no_other(world: World) -> None:
    slow = world.function("slow", "while not os.path.exists(os.environ['NOTES'] + '.done'): time.sleep(0.1)")
    slow_stream, quick_stream = world.table("slow"), world.table("quick")
    world.mapping(slow_stream, slow)
    world.mapping(quick_stream, world.function("quick"))
    world.write("slow", "a")
    world.until(lambda: world.invocations("slow"), "the slow function")
    try:
        world.write("quick", "a")
        world.until(lambda: world.invocations("quick"), "the quick function")
    finally:
        world.notes("slow").with_suffix(".jsonl.done").touch()


# HTTP APIs


def check_http_api_answers_callers_without_a_signature(world: World) -> None:
    endpoint = _http_api(world, "GET /orders/{id}")["ApiEndpoint"]
    answer = httpx.get(f"{endpoint}/orders/7", trust_env=False)
    assert answer.status_code == 200, answer.text
    event = world.invocations("answer")[0]["event"]
    assert (event["rawPath"], event["pathParameters"]) == ("/orders/7", {"id": "7"})


def check_authorizer_reads_back_as_it_was_put(world: World) -> None:
    apis = world.client("apigatewayv2")
    api = _http_api(world, "GET /orders/{id}")["ApiId"]
    settings = {"ApiId": api, "IdentitySource": ["$request.header.Authorization"]}
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{world.arn('lambda', 'function:answer')}"
    by_function = apis.create_authorizer(
        **settings,
        Name="function",
        AuthorizerType="REQUEST",
        AuthorizerUri=f"{uri}/invocations",
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
    )["AuthorizerId"]
    jwt = {"Issuer": "https://example.com", "Audience": ["shop"]}
    by_token = apis.create_authorizer(**settings, Name="token", AuthorizerType="JWT", JwtConfiguration=jwt)[
        "AuthorizerId"
    ]
    apis.update_authorizer(ApiId=api, AuthorizerId=by_function, JwtConfiguration={}, Name="request")
    found = {item["AuthorizerId"]: item for item in apis.get_authorizers(ApiId=api)["Items"]}
    assert "JwtConfiguration" not in found[by_function]
    assert "AuthorizerPayloadFormatVersion" not in found[by_token]
    assert found[by_token]["JwtConfiguration"] == jwt


# CloudWatch


def check_alarm_reads_back_whole(world: World) -> None:
    alarm = {
        "AlarmName": "iterator-age",
        "AlarmDescription": "The relay is <behind>",
        "MetricName": "IteratorAge",
        "Namespace": "AWS/Lambda",
        "ExtendedStatistic": "p99",
        "Period": "60",
        "EvaluationPeriods": "3",
        "DatapointsToAlarm": "2",
        "Threshold": "60000.0",
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": "true",
        "Dimensions.member.1.Name": "FunctionName",
        "Dimensions.member.1.Value": "relay",
        "AlarmActions.member.1": world.arn("sns", "alarms"),
        "OKActions.member.1": world.arn("sns", "alarms"),
        "InsufficientDataActions.member.1": world.arn("sns", "alarms"),
    }
    query(world, "PutMetricAlarm", alarm)
    described = flat(query(world, "DescribeAlarms", {"AlarmNames.member.1": "iterator-age"}), "MetricAlarms.member.1.")
    assert alarm.items() <= described.items()
    assert "Statistic" not in described


def check_alarm_on_an_expression_reads_back_whole(world: World) -> None:
    metrics = {
        "Metrics.member.1.Id": "rate",
        "Metrics.member.1.Expression": "errors / invocations",
        "Metrics.member.1.ReturnData": "true",
        "Metrics.member.2.Id": "errors",
        "Metrics.member.2.MetricStat.Metric.MetricName": "Errors",
        "Metrics.member.2.MetricStat.Metric.Namespace": "AWS/Lambda",
        "Metrics.member.2.MetricStat.Period": "60",
        "Metrics.member.2.MetricStat.Stat": "Sum",
        "Metrics.member.2.ReturnData": "false",
    }
    alarm = {
        "AlarmName": "error-rate",
        "EvaluationPeriods": "1",
        "Threshold": "0.1",
        "ComparisonOperator": "GreaterThanThreshold",
    }
    query(world, "PutMetricAlarm", alarm | metrics)
    described = flat(query(world, "DescribeAlarms", {}), "MetricAlarms.member.1.")
    assert (alarm | metrics).items() <= described.items()
    assert "Period" not in described


# Event buses


def check_bus_policy_reads_back_whole(world: World) -> None:
    policy = {"Version": "2012-10-17", "Statement": [_deny_other_sources(world, "shop.order")]}
    world.client("events").put_permission(EventBusName="default", Policy=json.dumps(policy))
    assert json.loads(world.client("events").describe_event_bus(Name="default")["Policy"]) == policy


# IAM, enforced


def check_bus_policy_is_enforced(world: World) -> None:
    events = world.client("events")
    policy = {"Version": "2012-10-17", "Statement": [_deny_other_sources(world, "shop.order")]}
    events.put_permission(EventBusName="default", Policy=json.dumps(policy))
    publisher = _user(world, {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}, "events")
    entry = {"Source": "shop.order", "DetailType": "OrderPlaced", "Detail": "{}"}
    assert not _refused(lambda: publisher.put_events(Entries=[entry]))
    assert _refused(lambda: publisher.put_events(Entries=[entry | {"Source": "shop.payment"}]))


def check_bus_policy_counts_for_destinations(world: World) -> None:
    """A bus that takes events of named sources only has to name "lambda" to be an on-failure destination."""
    bus = world.arn("events", "event-bus/default")
    _role(world, {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus})
    seen = world.queue("seen")
    world.rule("failed", seen.arn, source=["lambda"])
    world.function("take", FAIL)
    _on_failure(world, "take", bus, MaximumRetryAttempts=0)
    for order, sources in enumerate((["shop.order"], ["shop.order", "lambda"])):
        policy = {"Version": "2012-10-17", "Statement": [_deny_other_sources(world, *sources)]}
        world.client("events").put_permission(EventBusName="default", Policy=json.dumps(policy))
        _invoke(world, "take", {"order": order})
        world.invoked("take", order + 1)
    assert json.loads(world.messages(seen)[0]["Body"])["detail"]["requestPayload"] == {"order": 1}


def check_policy_on_event_sources_is_enforced(world: World) -> None:
    condition = {
        "ForAllValues:StringEquals": {"events:source": ["shop.order"], "events:detail-type": ["OrderPlaced"]},
        "Null": {"events:source": "false"},
    }
    publisher = _user(
        world, {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*", "Condition": condition}, "events"
    )
    entry = {"Source": "shop.order", "DetailType": "OrderPlaced", "Detail": "{}"}
    assert not _refused(lambda: publisher.put_events(Entries=[entry]))
    for foreign in ({"Source": "shop.payment"}, {"DetailType": "OrderCancelled"}):
        assert _refused(partial(publisher.put_events, Entries=[entry, entry | foreign]))


def check_policy_against_plain_http_lets_requests_pass(world: World) -> None:
    queue = world.queue("closed-to-http")
    sender = _user(world, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue.arn}, "sqs")
    assert not _refused(lambda: sender.send_message(QueueUrl=queue.url, MessageBody="hello"))


def check_policy_on_macs_is_enforced(world: World) -> None:
    keys = world.client("kms")
    key, other = (keys.create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")["KeyMetadata"] for _ in range(2))
    for alias, target in {"alias/own": key, "alias/other": other}.items():
        keys.create_alias(AliasName=alias, TargetKeyId=target["KeyId"])
    condition = {"StringEquals": {"kms:MacAlgorithm": "HMAC_SHA_256"}}
    statement = {"Effect": "Allow", "Action": "kms:GenerateMac", "Resource": key["Arn"], "Condition": condition}
    signer = _user(world, statement, "kms")
    for name in (key["KeyId"], key["Arn"], "alias/own"):
        signer.generate_mac(KeyId=name, MacAlgorithm="HMAC_SHA_256", Message=b"text")
    for name, algorithm in {"alias/other": "HMAC_SHA_256", "alias/own": "HMAC_SHA_384"}.items():
        assert _refused(partial(signer.generate_mac, KeyId=name, MacAlgorithm=algorithm, Message=b"text")), name


def check_mail_needs_permission_for_the_identity(world: World) -> None:
    world.client("sesv2").create_email_identity(EmailIdentity="orders@shop.example")
    world.client("sesv2").create_email_identity(EmailIdentity="shop.example")
    identities = [world.arn("ses", f"identity/{name}") for name in ("orders@shop.example", "shop.example")]
    senders = {"ses:FromAddress": ["orders@shop.example", "news@shop.example"]}
    sender = _user(
        world,
        {
            "Effect": "Allow",
            "Action": "ses:SendEmail",
            "Resource": identities,
            "Condition": {"StringEquals": senders},
        },
        "sesv2",
    )
    mail = {
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": {"Simple": {"Subject": {"Data": "hello"}, "Body": {"Text": {"Data": "hello"}}}},
    }
    for allowed in ("orders@shop.example", "The shop <news@shop.example>"):
        assert not _refused(partial(sender.send_email, FromEmailAddress=allowed, **mail))
    for foreign in ("other@shop.example", "news@elsewhere.example"):
        assert _refused(partial(sender.send_email, FromEmailAddress=foreign, **mail))


def check_destination_needs_the_roles_permission(world: World) -> None:
    allowed, closed = (world.queue(name, rules_may_send=False) for name in ("allowed", "closed"))
    _role(world, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": allowed.arn})
    for name, queue in (("closed", closed), ("allowed", allowed)):
        world.function(name, FAIL)
        _on_failure(world, name, queue.arn, MaximumRetryAttempts=0)
        _invoke(world, name, {})
    world.messages(allowed)
    time.sleep(0.3)
    assert world.is_empty(closed)


# Replays and restored tables


def check_replay_goes_to_the_rules_that_it_names(world: World) -> None:
    events, bus = world.client("events"), world.arn("events", "event-bus/default")
    archive = events.create_archive(ArchiveName="all", EventSourceArn=bus)["ArchiveArn"]
    queues = {name: world.queue(name) for name in ("named", "other")}
    for name, queue in queues.items():
        world.rule(name, queue.arn, source=["shop"])
    world.put("shop", {"order": 7})
    for queue in queues.values():
        world.messages(queue)
    rules = [world.arn("events", "rule/named")]
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=0,
        EventEndTime=4_000_000_000,
        Destination={"Arn": bus, "FilterArns": rules},
    )
    (message,) = world.messages(queues["named"])
    assert json.loads(message["Body"])["detail"] == {"order": 7}
    world.until(lambda: events.describe_replay(ReplayName="again")["State"] == "COMPLETED", "the replay's end")
    assert world.is_empty(queues["other"])


def check_restored_table_holds_what_there_was_then(world: World) -> None:
    world.table("orders")
    tables = world.client("dynamodb")
    for key, state in (("kept", "old"), ("changed", "old"), ("deleted", "old")):
        tables.put_item(TableName="orders", Item={"pk": {"S": key}, "state": {"S": state}})
    then = int(time.time())
    world.until(lambda: int(time.time()) > then, "another second")
    for state in ("new", "newer"):
        tables.put_item(TableName="orders", Item={"pk": {"S": "changed"}, "state": {"S": state}})
    world.write("orders", "added")
    for key in ("deleted", "added"):
        tables.delete_item(TableName="orders", Key={"pk": {"S": key}})
    world.write("orders", "added")
    tables.restore_table_to_point_in_time(SourceTableName="orders", TargetTableName="orders-then", RestoreDateTime=then)
    restored = tables.scan(TableName="orders-then", ConsistentRead=True)["Items"]
    assert {item["pk"]["S"]: item.get("state", {}).get("S") for item in restored} == dict.fromkeys(
        ["kept", "changed", "deleted"], "old"
    )
    assert tables.get_item(TableName="orders", Key={"pk": {"S": "changed"}})["Item"]["state"]["S"] == "newer"


def check_role_is_made_with_its_boundary_or_not_at_all(world: World) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    boundary = world.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))["Policy"][
        "Arn"
    ]
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    actions = ["iam:CreateRole", "iam:PutRolePolicy"]
    maker = _user(world, {"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition}, "iam")
    role = {"RoleName": "bounded", "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17"})}
    assert not _refused(lambda: maker.create_role(**role, PermissionsBoundary=boundary))
    policy = {"PolicyName": "policy", "PolicyDocument": json.dumps(document)}
    assert not _refused(lambda: maker.put_role_policy(RoleName="bounded", **policy))
    assert _refused(lambda: maker.create_role(**role | {"RoleName": "other"}))


def check_deployment_is_about_the_resources_that_it_names(world: World) -> None:
    names = ["event-bus/shop", "archive/shop", "rule/shop-rule"]
    statement = {"Effect": "Allow", "Action": "events:*", "Resource": [world.arn("events", name) for name in names]}
    events = _user(world, statement, "events")
    bus = events.create_event_bus(Name="shop")["EventBusArn"]
    events.create_archive(ArchiveName="shop", EventSourceArn=bus)
    events.put_rule(Name="shop-rule", EventPattern=json.dumps({"source": ["shop.order"]}))
    events.list_tags_for_resource(ResourceARN=bus)
    assert _refused(lambda: events.create_event_bus(Name="other"))
    assert _refused(lambda: events.create_archive(ArchiveName="other", EventSourceArn=bus))


def check_role_under_a_path_and_what_is_watched_are_named(world: World) -> None:
    roles = f"arn:aws:iam::{world.account_id}:role/teams/*"
    dashboard = f"arn:aws:cloudwatch::{world.account_id}:dashboard/shop"
    iam = world.client("iam")
    trust = json.dumps({"Version": "2012-10-17"})
    for path in ("/teams/", "/"):
        iam.create_role(RoleName=f"role{len(path)}", Path=path, AssumeRolePolicyDocument=trust)
    statement = {
        "Effect": "Allow",
        "Action": [
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DeleteDashboards",
            "cloudwatch:PutDashboard",
            "iam:UpdateAssumeRolePolicy",
        ],
        "Resource": [roles, dashboard, world.arn("cloudwatch", "alarm:shop")],
    }
    changer = _user(world, statement, "iam")
    assert not _refused(lambda: changer.update_assume_role_policy(RoleName="role7", PolicyDocument=trust))
    assert _refused(lambda: changer.update_assume_role_policy(RoleName="role1", PolicyDocument=trust))
    keys = iam.create_access_key(UserName="user")["AccessKey"]
    watcher = world.client_of("cloudwatch", keys["AccessKeyId"], keys["SecretAccessKey"])
    assert not _refused(lambda: watcher.put_dashboard(DashboardName="shop", DashboardBody="{}"))
    assert _refused(lambda: watcher.put_dashboard(DashboardName="other", DashboardBody="{}"))
    assert not _refused(lambda: watcher.delete_dashboards(DashboardNames=["shop"]))
    assert not _refused(lambda: watcher.delete_alarms(AlarmNames=["shop"]))
    assert _refused(lambda: watcher.delete_alarms(AlarmNames=["other"]))


def check_alias_needs_permission_for_its_name_and_tags_of_its_key(world: World) -> None:
    tags = [{"TagKey": "Environment", "TagValue": "dev"}]
    key = world.client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    other = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
    statement = {
        "Effect": "Allow",
        "Action": "kms:CreateAlias",
        "Resource": world.arn("kms", "alias/shop"),
        "Condition": {"StringEquals": {"aws:ResourceTag/Environment": "dev"}},
    }
    namer = _user(world, statement, "kms")
    assert not _refused(lambda: namer.create_alias(AliasName="alias/shop", TargetKeyId=key))
    assert _refused(lambda: namer.create_alias(AliasName="alias/other", TargetKeyId=key))
    assert _refused(lambda: namer.create_alias(AliasName="alias/shop", TargetKeyId=other))


def check_distribution_is_made_with_its_tags_and_known_by_them(world: World) -> None:
    tags = {"Items": [{"Key": "Environment", "Value": "dev"}]}
    of_request, of_resource = (
        {"StringEquals": {f"aws:{kind}/Environment": "dev"}} for kind in ("RequestTag", "ResourceTag")
    )
    distributions = f"arn:aws:cloudfront::{world.account_id}:distribution/*"
    kept = world.client("cloudfront").create_response_headers_policy(ResponseHeadersPolicyConfig=_headers("kept"))
    policy = f"arn:aws:cloudfront::{world.account_id}:response-headers-policy/{kept['ResponseHeadersPolicy']['Id']}"
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": "cloudfront:CreateDistribution", "Resource": "*", "Condition": of_request},
        {"Effect": "Allow", "Action": "cloudfront:List*", "Resource": distributions, "Condition": of_resource},
        {"Effect": "Allow", "Action": "cloudfront:GetResponseHeadersPolicy", "Resource": policy},
    ]
    maker = _user(world, statements, "cloudfront")
    config = _distribution("one")
    own = maker.create_distribution_with_tags(DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags})
    assert maker.list_tags_for_resource(Resource=own["Distribution"]["ARN"])["Tags"] == tags
    maker.get_response_headers_policy(Id=policy.rpartition("/")[2])
    assert _refused(partial(maker.create_distribution, DistributionConfig=_distribution("two")))
    other = world.client("cloudfront").create_distribution(DistributionConfig=_distribution("three"))["Distribution"]
    assert _refused(partial(maker.list_tags_for_resource, Resource=other["ARN"]))
    assert _refused(partial(maker.get_response_headers_policy, Id="67f7725c-6f97-4210-82d7-5512b31e9d03"))


def _headers(name: str) -> dict[str, Any]:
    return {"Name": name, "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}}}


def _distribution(reference: str) -> dict[str, Any]:
    origin = {
        "Id": "api",
        "DomainName": "api.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    behavior = {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    }
    origins = {"Quantity": 1, "Items": [origin]}
    return {
        "CallerReference": reference,
        "Comment": reference,
        "Enabled": False,
        "Origins": origins,
        "DefaultCacheBehavior": behavior,
    }


def check_mapping_is_bound_to_its_function(world: World) -> None:
    queue = world.queue("orders")
    _role(world, {"Effect": "Allow", "Action": "sqs:*", "Resource": queue.arn})
    statement = {
        "Effect": "Allow",
        "Action": ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping"],
        "Resource": "*",
        "Condition": {"ArnLike": {"lambda:FunctionArn": world.function("take", SUCCEED)}},
    }
    world.function("other", SUCCEED)
    mapper = _user(world, statement, "lambda")
    mapping = mapper.create_event_source_mapping(FunctionName="take", EventSourceArn=queue.arn)["UUID"]
    assert _refused(lambda: mapper.create_event_source_mapping(FunctionName="other", EventSourceArn=queue.arn))
    assert _refused(lambda: mapper.get_event_source_mapping(UUID=mapping))
    mapper.delete_event_source_mapping(UUID=mapping)


CHECKS = {name.removeprefix("check_"): check for name, check in globals().items() if name.startswith("check_")}
NEED_IAM = {
    "role_is_made_with_its_boundary_or_not_at_all",
    "deployment_is_about_the_resources_that_it_names",
    "role_under_a_path_and_what_is_watched_are_named",
    "alias_needs_permission_for_its_name_and_tags_of_its_key",
    "distribution_is_made_with_its_tags_and_known_by_them",
    "mapping_is_bound_to_its_function",
    "bus_policy_is_enforced",
    "bus_policy_counts_for_destinations",
    "policy_on_event_sources_is_enforced",
    "policy_against_plain_http_lets_requests_pass",
    "policy_on_macs_is_enforced",
    "mail_needs_permission_for_the_identity",
    "destination_needs_the_roles_permission",
}


def query(world: World, action: str, parameters: dict[str, str]) -> ET.Element:
    """Ask CloudWatch in its Query protocol, which boto3 does not speak."""
    credential = f"{world.account_id}/20260101/{DEFAULT_REGION}/monitoring/aws4_request"
    response = httpx.post(
        world.emulator.endpoint,
        data={"Action": action, "Version": "2010-08-01", **parameters},
        headers={"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"},
        trust_env=False,
    )
    assert response.status_code == 200, response.text
    return ET.fromstring(response.text)  # noqa: S314, the emulator's own answer


def flat(element: ET.Element, prefix: str) -> dict[str, str]:
    """The leaves below the prefix, under names as in a Query request."""
    found: dict[str, str] = {}

    def walk(node: ET.Element, path: str) -> None:
        members = 0
        for child in node:
            name = child.tag.rpartition("}")[2]
            members += name == "member"
            walk(child, f"{path}{name}.{members}." if name == "member" else f"{path}{name}.")
        if not len(node) and path.startswith(prefix):
            found[path.removeprefix(prefix).rstrip(".")] = node.text or ""

    walk(element[0], "")
    return found


def _on_failure(world: World, function: str, destination: str, **settings: Any) -> None:
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": destination}}, **settings
    )


def _invoke(world: World, function: str, event: dict[str, Any]) -> None:
    world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))


def _attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: attribute["StringValue"] for name, attribute in message.get("MessageAttributes", {}).items()}


def _deny_other_sources(world: World, *sources: str) -> dict[str, Any]:
    return {
        "Sid": "NamedSourcesOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": world.arn("events", "event-bus/default"),
        "Condition": {"ForAnyValue:StringNotEquals": {"events:source": list(sources)}},
    }


def _http_api(world: World, route: str) -> dict[str, Any]:
    """An HTTP API with this route to the function "answer"."""
    apis = world.client("apigatewayv2")
    api: dict[str, Any] = apis.create_api(Name="shop", ProtocolType="HTTP")
    function = world.function("answer", "return {'statusCode': 200, 'body': 'yes'}")
    integration = apis.create_integration(
        ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    apis.create_route(ApiId=api["ApiId"], RouteKey=route, Target=f"integrations/{integration}")
    apis.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    world.client("lambda").add_permission(
        FunctionName="answer", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    return api


def _role(world: World, statement: dict[str, Any]) -> None:
    """Let the role of the functions do what the statement says."""
    roles = world.client("iam")
    roles.create_role(RoleName="service", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    roles.put_role_policy(
        RoleName="service", PolicyName="policy", PolicyDocument=json.dumps({"Statement": [statement]})
    )


def _user(world: World, statement: dict[str, Any] | list[dict[str, Any]], service: str) -> Any:
    """A client of a new user whose policy is this statement, or these."""
    users = world.client("iam")
    users.create_user(UserName="user")
    users.put_user_policy(UserName="user", PolicyName="policy", PolicyDocument=json.dumps({"Statement": statement}))
    key = users.create_access_key(UserName="user")["AccessKey"]
    return world.client_of(service, key["AccessKeyId"], key["SecretAccessKey"])


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        if "AccessDenied" not in error.response["Error"]["Code"]:
            raise
        return True
    return False
