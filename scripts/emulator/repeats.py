"""Answers a request of Terraform's that comes again with the answer that it got lost.

On a machine with much other work the provider closes a connection on which the answer is just arriving, and sends the
request again under the same `amz-sdk-invocation-id`. It had its effect the first time, so that Terraform would find in
its own way what it has just made. AWS knows no such memory; what other clients send is served as often as it comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

MOST_ANSWERS = 2000
MOST_BYTES = 65_536

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def answering_again(application: Application) -> Application:
    """Return the ASGI application with a memory for its latest answers to Terraform that tell of a success."""
    answers: OrderedDict[bytes, list[Message]] = OrderedDict()

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        request = headers.get(b"amz-sdk-invocation-id")
        if not request or b"Terraform/" not in headers.get(b"user-agent", b""):
            await application(scope, receive, send)
            return
        if request in answers:
            while (await receive()).get("more_body"):
                pass
            for message in answers[request]:
                await send(message)
            return
        answer: list[Message] = []

        async def note(message: Message) -> None:
            answer.append(message)
            await send(message)

        await application(scope, receive, note)
        size = sum(len(message.get("body", b"")) for message in answer)
        if answer and answer[0].get("status", 0) // 100 == 2 and size <= MOST_BYTES:
            answers[request] = answer
            if len(answers) > MOST_ANSWERS:
                answers.popitem(last=False)

    return serve
