"""A request of Terraform's whose answer got lost gets it again, and nobody else's does."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from emulator.server import Emulator

TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0 aws-sdk-go-v2/1.36.3"
BOTO = "Boto3/1.40 botocore/1.40"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator.start(name="repeats") as started:
        yield started


def create_group(emulator: Emulator, name: str, agent: str, invocation: str) -> httpx.Response:
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/logs/aws4_request, SignedHeaders=host,"
        " Signature=0",
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "Logs_20140328.CreateLogGroup",
        "user-agent": agent,
        "amz-sdk-invocation-id": invocation,
    }
    return httpx.post(emulator.endpoint, json={"logGroupName": name}, headers=headers, timeout=60)


def test_terraform_gets_the_answer_again(emulator: Emulator) -> None:
    invocation = str(uuid.uuid4())
    first, again = (create_group(emulator, "terraform", TERRAFORM, invocation) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert again.headers["x-amzn-requestid"] == first.headers["x-amzn-requestid"]
    assert again.content == first.content


def test_another_request_of_terraform_is_another_request(emulator: Emulator) -> None:
    answers = [create_group(emulator, "twice", TERRAFORM, str(uuid.uuid4())) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["__type"] == "ResourceAlreadyExistsException"


def test_a_refusal_is_not_kept(emulator: Emulator) -> None:
    invocation = str(uuid.uuid4())
    create_group(emulator, "refused", BOTO, str(uuid.uuid4()))
    refused = [create_group(emulator, "refused", TERRAFORM, invocation) for _ in range(2)]
    assert [answer.status_code for answer in refused] == [400, 400]
    assert refused[0].headers["x-amzn-requestid"] != refused[1].headers["x-amzn-requestid"]


def test_other_clients_are_served_as_on_aws(emulator: Emulator) -> None:
    invocation = str(uuid.uuid4())
    answers = [create_group(emulator, "boto", BOTO, invocation) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
