"""HTTP APIs: who may call one, at which address, and what their authorizers read back as.

Stock MiniStack 1.5.33 looks an API up in the account and region that the request is signed for, so that a request
without a signature finds none but the default account's; gives as the API's endpoint a host name that no resolver
knows; and describes every authorizer with settings of the other kinds, which Terraform wants to take away again.

AWS has one name space of APIs, each at an endpoint that anybody can reach
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-publish.html), and describes an authorizer with
what it was given (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html).
"""

import json
import os
from typing import Any

from emulator.patching import module, replace

apigateway = module("services.apigateway")
app = module("app")
responses = module("core.responses")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["execute"] = replace(app, "_handle_execute_api_request", _handle_execute_api_request)
    _stock["create_api"] = replace(apigateway, "_create_api", _create_api)
    _stock["create_authorizer"] = replace(apigateway, "_create_authorizer", _create_authorizer)
    _stock["update_authorizer"] = replace(apigateway, "_update_authorizer", _update_authorizer)


async def _handle_execute_api_request(
    host: str,
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    raw_path: str | None = None,
    raw_query_string: str | None = None,
) -> Any:
    called = app._parse_execute_api_url(host, path)
    is_signed = headers.get("authorization", "").startswith("AWS4-HMAC-SHA256")
    # Where IAM is enforced, a signature stands for its own account.
    if called and not (app.AUTH and is_signed):
        for (account_id, region, api_id), _ in apigateway._apis.all_items():
            if api_id == called[0]:
                responses.set_request_account_id(account_id)
                responses.set_request_region(region)
    return await _stock["execute"](host, path, method, headers, body, query_params, raw_path, raw_query_string)


def _create_api(data: dict[str, Any]) -> Any:
    status, headers, body = _stock["create_api"](data)
    if status != 201:
        return status, headers, body
    api = json.loads(body)
    address = f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}/_aws/execute-api/{api['apiId']}"
    apigateway._apis[api["apiId"]]["apiEndpoint"] = api["apiEndpoint"] = address
    return status, headers, json.dumps(api).encode()


def _create_authorizer(api_id: str, data: dict[str, Any]) -> Any:
    status, headers, body = _stock["create_authorizer"](api_id, data)
    if status == 201:
        _drop_what_was_not_given(api_id, json.loads(body)["authorizerId"])
    return status, headers, body


def _update_authorizer(api_id: str, auth_id: str, data: dict[str, Any]) -> Any:
    answer = _stock["update_authorizer"](api_id, auth_id, data)
    if answer[0] == 200:
        _drop_what_was_not_given(api_id, auth_id)
    return answer


def _drop_what_was_not_given(api_id: str, auth_id: str) -> None:
    authorizer = apigateway._authorizers[api_id][auth_id]
    if authorizer["authorizerType"] == "JWT":
        for name in ("authorizerUri", "authorizerPayloadFormatVersion", "enableSimpleResponses"):
            authorizer.pop(name, None)
    else:
        authorizer.pop("jwtConfiguration", None)
