"""What the Messages API accepts and refuses, as far as the stand-in checks it (sources: see `model.py`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request


@dataclass
class Problem(Exception):  # noqa: N818 - an answer of the API, not a failure of ours
    status: int
    kind: str
    message: str


_TOP_LEVEL = {
    "model", "max_tokens", "messages", "system", "stream", "output_config", "thinking", "cache_control", "metadata",
    "stop_sequences", "service_tier", "inference_geo", "tools", "tool_choice", "container", "speed", "diagnostics",
}  # fmt: skip
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
# Keywords of JSON schema that the API refuses (structured outputs, "JSON Schema limitations").
_NO_SCHEMA = {
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "maxItems",
    "uniqueItems",
    "patternProperties",
}


def _invalid(message: str) -> Problem:
    return Problem(400, "invalid_request_error", message)


async def json_body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise _invalid("The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise _invalid("The request body must be a JSON object")
    return body


def check_body(body: Mapping[str, Any], *, needs_max_tokens: bool) -> None:
    unknown = sorted(set(body) - _TOP_LEVEL)
    if unknown:
        raise _invalid(f"{unknown[0]}: Extra inputs are not permitted")
    for name in ("model", "messages", *(["max_tokens"] if needs_max_tokens else [])):
        if name not in body:
            raise _invalid(f"{name}: Field required")
    limit = body.get("max_tokens", 1)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 128_000:
        raise _invalid("max_tokens: must be an integer from 1 to 128000")
    if not isinstance(body.get("stream", False), bool):
        raise _invalid("stream: Input should be a valid boolean")
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise _invalid("messages: at least one message is required")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise _invalid(f"messages.{number}.role: Input should be 'user' or 'assistant'")
        _check_content(message.get("content"), f"messages.{number}.content")
    if messages[0]["role"] != "user":
        raise _invalid("messages: first message must use the user role")
    _check_content(body.get("system", "system"), "system")
    marks = [block for block in blocks(body.get("system")) if block.get("cache_control") is not None]
    for block in marks:
        control = block["cache_control"]
        if (
            not isinstance(control, dict)
            or control.get("type") != "ephemeral"
            or control.get("ttl", "5m") not in ("5m", "1h")
        ):
            raise _invalid("system: cache_control must be ephemeral with a ttl of 5m or 1h")
    if len(marks) > 4:
        raise _invalid("A maximum of 4 blocks with cache_control may be provided.")
    _check_output_config(body.get("output_config"))


def blocks(content: object) -> list[dict[str, Any]]:
    return content if isinstance(content, list) else []


def _check_content(content: object, where: str) -> None:
    if isinstance(content, str):
        if not content:
            raise _invalid(f"{where}: text content must be non-empty")
        return
    if not isinstance(content, list) or not content:
        raise _invalid(f"{where}: Input should be a valid string or a list of blocks")
    for number, block in enumerate(content):
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in ("text", "thinking", "redacted_thinking"):
            raise _invalid(f"{where}.{number}: the sandbox knows text and thinking blocks only")
        if kind == "text" and not (isinstance(block.get("text"), str) and block["text"].strip()):
            raise _invalid(f"{where}.{number}: text content blocks must be non-empty")


def _check_output_config(config: object) -> None:
    if config is None:
        return
    if not isinstance(config, dict) or set(config) - {"effort", "format"}:
        raise _invalid("output_config: Extra inputs are not permitted")
    if config.get("effort") is not None and config["effort"] not in _EFFORTS:
        raise _invalid(f"output_config.effort: Input should be one of {', '.join(_EFFORTS)}")
    wanted = config.get("format")
    if wanted is None:
        return
    if (
        not isinstance(wanted, dict)
        or wanted.get("type") != "json_schema"
        or not isinstance(wanted.get("schema"), dict)
    ):
        raise _invalid("output_config.format: Input should be {type: json_schema, schema: ...}")
    _check_schema(wanted["schema"], "output_config.format.schema")


def _check_schema(schema: object, where: str) -> None:
    if isinstance(schema, list):
        for inner in schema:
            _check_schema(inner, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise _invalid(f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    refused = sorted(_NO_SCHEMA & set(schema))
    if refused and isinstance(schema.get("type"), str):
        raise _invalid(f"{where}: property '{refused[0]}' is not supported")
    for name, inner in schema.items():
        if name == "properties" and isinstance(inner, dict):
            for property_schema in inner.values():
                _check_schema(property_schema, where)
        elif name not in ("enum", "const", "required", "description"):
            _check_schema(inner, where)
