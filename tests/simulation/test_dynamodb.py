"""The in-memory DynamoDB: what its documentation says, and the same answers as others give."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulation.harness import differential, references
from tests.simulation.harness import values as av
from tests.simulation.harness.dynamodb import DynamoDB, DynamoError, Table, UnsupportedError, stream_record


@pytest.fixture
def database() -> DynamoDB:
    database = DynamoDB(lambda: 12.5)
    database.add(Table("rows", "pk", key_types={"pk": "S"}))
    database.add(Table("log", "pk", "sk", key_types={"pk": "S", "sk": "S"}))
    return database


def put(database: DynamoDB, key: str, **attributes: Any) -> None:
    database.call("PutItem", {"TableName": "rows", "Item": {"pk": {"S": key}, **attributes}})


def refused(database: DynamoDB, operation: str, params: dict[str, Any]) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        database.call(operation, params)
    return caught.value


def test_a_condition_that_fails_answers_with_the_item_when_asked(database: DynamoDB) -> None:
    put(database, "a", state={"S": "DONE"})
    request = {
        "TableName": "rows",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET #state = :to",
        "ConditionExpression": "attribute_not_exists(pk) OR #state = :from",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":to": {"S": "X"}, ":from": {"S": "OPEN"}},
    }
    assert refused(database, "UpdateItem", request).members == {}
    error = refused(database, "UpdateItem", {**request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    assert error.code == "ConditionalCheckFailedException"
    assert error.members["Item"] == {"pk": {"S": "a"}, "state": {"S": "DONE"}}


def test_a_transaction_changes_everything_or_nothing_and_tells_each_reason(database: DynamoDB) -> None:
    put(database, "a", n={"N": "1"})
    take = {
        "TableName": "rows",
        "UpdateExpression": "SET n = n - :one",
        "ConditionExpression": "n >= :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    both = [{"Update": {**take, "Key": {"pk": {"S": key}}}} for key in ("a", "b")]
    error = refused(database, "TransactWriteItems", {"TransactItems": both})
    assert [reason["Code"] for reason in error.members["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert database.tables["rows"].items["a",]["n"] == {"N": "1"}
    database.call("TransactWriteItems", {"TransactItems": both[:1]})
    assert database.tables["rows"].items["a",]["n"] == {"N": "0"}


def test_a_transaction_with_a_token_is_applied_once(database: DynamoDB) -> None:
    put(database, "a", n={"N": "1"})
    add = {
        "TableName": "rows",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        database.call("TransactWriteItems", {"TransactItems": [{"Update": add}], "ClientRequestToken": "t"})
    assert database.tables["rows"].items["a",]["n"] == {"N": "2"}
    other = {"TransactItems": [{"Delete": {"TableName": "rows", "Key": {"pk": {"S": "a"}}}}], "ClientRequestToken": "t"}
    assert refused(database, "TransactWriteItems", other).code == "IdempotentParameterMismatchException"


def test_a_transaction_names_an_item_once_and_has_at_most_100_actions(database: DynamoDB) -> None:
    delete = {"Delete": {"TableName": "rows", "Key": {"pk": {"S": "a"}}}}
    assert (
        "multiple operations on one item"
        in refused(database, "TransactWriteItems", {"TransactItems": [delete, delete]}).message
    )
    many = [{"Delete": {"TableName": "rows", "Key": {"pk": {"S": str(number)}}}} for number in range(101)]
    assert refused(database, "TransactWriteItems", {"TransactItems": many}).code == "ValidationException"
    database.call("TransactWriteItems", {"TransactItems": many[:100]})


def test_an_item_has_at_most_400_kilobytes(database: DynamoDB) -> None:
    put(database, "a", text={"S": "x" * (400 * 1024 - 7)})
    with pytest.raises(DynamoError, match="exceeded the maximum allowed size"):
        put(database, "a", text={"S": "x" * (400 * 1024 - 6)})
    with pytest.raises(DynamoError, match="exceeded the maximum allowed size"):
        put(database, "a", text={"S": "\u00e4" * (200 * 1024)})


@pytest.mark.parametrize(
    ("update", "names", "message"),
    [
        ("SET state = :v", {}, "reserved keyword"),
        ("SET #pk = :v", {"#pk": "pk"}, "part of the key"),
        ("SET a = :v, a = :v", {}, "overlap"),
        ("SET a = :v SET b = :v", {}, "can only be used once"),
        ("SET a = b + :v", {}, "does not exist in the item"),
        ("SET a = :w", {}, "not defined"),
        ("SET a = :v", {"#unused": "x"}, "unused"),
        ("SET a := :v", {}, "Syntax error"),
        ("FROB a", {}, "Syntax error"),
    ],
)
def test_a_wrong_update_is_refused(database: DynamoDB, update: str, names: dict[str, str], message: str) -> None:
    request: dict[str, Any] = {
        "TableName": "rows",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": update,
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }
    if names:
        request["ExpressionAttributeNames"] = names
    assert message in refused(database, "UpdateItem", request).message


def test_numbers_are_exact_up_to_38_digits() -> None:
    assert av.canonical_number("1E3") == "1000"
    assert av.canonical_number("-0.50") == "-0.5"
    assert av.add_numbers("0.1", "0.2", 1) == "0.3"
    assert av.add_numbers("99999999999999999999", "1", 1) == "100000000000000000000"
    with pytest.raises(av.InvalidValueError, match="38 significant digits"):
        av.canonical_number("1" * 38 + ".5")


def test_a_write_that_changes_nothing_is_not_in_the_stream(database: DynamoDB) -> None:
    put(database, "a", n={"N": "1.0"})
    put(database, "a", n={"N": "1"})
    put(database, "a", n={"N": "2"})
    table = database.tables["rows"]
    assert [(change.old, change.new) for change in table.changes] == [
        (None, {"pk": {"S": "a"}, "n": {"N": "1"}}),
        ({"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "a"}, "n": {"N": "2"}}),
    ]
    record = stream_record(table, table.changes[1], "eu-west-1", "arn")
    assert record["eventName"] == "MODIFY"
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "a"}}
    assert (
        record["dynamodb"]["SequenceNumber"]
        > stream_record(table, table.changes[0], "eu-west-1", "arn")["dynamodb"]["SequenceNumber"]
    )


def test_a_query_pages_in_order(database: DynamoDB) -> None:
    for number in (3, 1, 2):
        database.call("PutItem", {"TableName": "log", "Item": {"pk": {"S": "a"}, "sk": {"S": str(number)}}})
    request: dict[str, Any] = {
        "TableName": "log",
        "KeyConditionExpression": "pk = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}},
        "Limit": 2,
    }
    first = database.call("Query", request)
    assert [item["sk"]["S"] for item in first["Items"]] == ["1", "2"]
    second = database.call("Query", {**request, "ExclusiveStartKey": first["LastEvaluatedKey"]})
    assert [item["sk"]["S"] for item in second["Items"]] == ["3"]
    assert "LastEvaluatedKey" not in second


def test_what_is_not_modelled_is_refused_loudly(database: DynamoDB) -> None:
    with pytest.raises(UnsupportedError, match="Scan"):
        database.call("Scan", {"TableName": "rows"})
    with pytest.raises(UnsupportedError, match="Expected"):
        database.call("GetItem", {"TableName": "rows", "Key": {"pk": {"S": "a"}}, "Expected": {}})


@pytest.mark.parametrize(("name", "operations"), [("moto", 4_000), ("emulator", 2_000)])
def test_random_operations_have_the_same_answers_elsewhere(name: str, operations: int) -> None:
    with references.reference(name) as reference:
        found = differential.compare(reference, name, seed=11, count=operations)
    assert found.operations == operations
    assert not found.differences, "\n\n".join(str(difference) for difference in found.differences[:3])
    # The comparison is worth something: every operation was answered and refused, and conditions held and failed.
    answered = {operation for operation, kind in found.outcomes if kind == "ok"}
    assert answered == {
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "GetItem",
        "Query",
        "BatchGetItem",
        "TransactWriteItems",
        "TransactGetItems",
    }
    assert found.outcomes["UpdateItem", "ConditionalCheckFailedException"] > operations / 50
    assert sum(found.explained.values()) < operations * 0.2


def test_a_difference_would_be_found() -> None:
    class Forgetful:
        """A DynamoDB that does not check conditions of PutItem."""

        def reset(self) -> None:
            self.inner = DynamoDB(lambda: 0.0)
            for table in differential.tables():
                self.inner.add(table)

        def call(self, operation: str, params: Any) -> dict[str, Any]:
            if operation == "PutItem":
                params = {"TableName": params["TableName"], "Item": params["Item"]}
            return self.inner.call(operation, params)

        def items(self, table: str) -> list[Any]:
            return list(self.inner.tables[table].items.values())

    assert differential.compare(Forgetful(), "forgetful", seed=1, count=300).differences
