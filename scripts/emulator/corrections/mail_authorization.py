"""Permission to send mail, when the emulator enforces IAM.

Stock MiniStack 1.5.33 checks ses:SendEmail of the SES v2 API on no resource and without ses:FromAddress, so that only a
policy for every identity and every sender lets anybody send.

AWS checks it on the identity that the mail is sent as, which is the sender's address or else its domain, and fills
ses:FromAddress with the address (https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html).
"""

from email.utils import parseaddr
from typing import Any

from emulator.patching import module, replace

app = module("app")
iam_actions = module("core.iam_actions")
responses = module("core.responses")
ses_v2 = module("services.ses_v2")
_stock: dict[str, Any] = {}

_OUTBOUND = "/v2/email/outbound-emails"


def apply() -> None:
    """Put the correction in place."""
    _stock["enforce"] = replace(app, "_enforce_ses_v2", _enforce_ses_v2)


def _enforce_ses_v2(
    method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any], request_id: str
) -> Any:
    sender = parseaddr(str(iam_actions._safe_json_field(body, "FromEmailAddress")))[1]
    if not (app.AUTH and sender and method == "POST" and path.rstrip("/") == _OUTBOUND):
        return _stock["enforce"](method, path, headers, body, query_params, request_id)
    identity = sender if sender in ses_v2._identities else sender.rpartition("@")[2]
    region = app.extract_region(headers, query_params)
    arn = f"arn:aws:ses:{region}:{responses.get_account_id()}:identity/{identity}"
    return app._enforce_data_plane(
        "sesv2",
        "ses:SendEmail",
        headers,
        query_params,
        request_id,
        resource_arn=arn,
        service_context={"ses:FromAddress": sender},
        named_resource=arn,
    )
