"""Batches: many requests in one, each counted and answered on its own (item 34)."""

from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from http.client import responses

from tests.emulators.google.errors import bad_request
from tests.emulators.wire import Reply, Request, lower

MOST = 1000


def answer(request: Request, handle: Callable[[Request], Reply]) -> Reply:
    """Answer every part on its own; a fault of its route can be 409 `conflict`."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/mixed"):
        raise bad_request()
    whole = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body
    )
    parts = list(whole.iter_parts())
    if len(parts) > MOST:
        raise bad_request("The batch request has too many parts.")
    answers = []
    for part in parts:
        inner = _request(part.get_payload(decode=True) or b"", request)
        answers.append(_part(str(part.get("Content-ID", "")), handle(inner)))
    boundary = "batch_slotfinder"
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + one for one in answers)
    body += b"--" + boundary.encode() + b"--\r\n"
    return Reply(200, body, {"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _request(content: bytes | object, outer: Request) -> Request:
    assert isinstance(content, bytes)
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, _, rest = head.partition(b"\n")
    method, target, *_ = first.decode().split(" ")
    named = dict(line.split(": ", 1) for line in rest.decode().splitlines() if ": " in line)
    headers = lower(named)
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    return Request(method, target, headers, body)


def _part(name: str, reply: Reply) -> bytes:
    head = f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}\r\n"
    for key, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
        head += f"{key}: {value}\r\n"
    outer = "Content-Type: application/http\r\n"
    outer += f"Content-ID: <response-{name.strip('<>')}>\r\n\r\n"
    return (outer + head + "\r\n").encode() + reply.body + b"\r\n"
