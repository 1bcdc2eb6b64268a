"""Parameters as Rails reads them: query, form and JSON in one nested mapping (`post[raw]`, `tags[]`)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.sandbox.forum.refusals import Refusal


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Rails' reading of names: `a[b]` is a mapping, `a[]` a list, `a[][b]` a list of mappings."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        steps = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        _put(result, steps, value)
    return result


def _put(into: dict[str, Any], steps: list[str], value: Any) -> None:
    first, *rest = steps
    if not rest:
        into[first] = value
    elif rest[0] == "":
        known = into.get(first)
        items: list[Any] = known if isinstance(known, list) else []
        into[first] = items
        if len(rest) == 1:
            items.append(value)
        else:
            if not items or not isinstance(items[-1], dict) or rest[1] in items[-1]:
                items.append({})
            _put(items[-1], rest[1:], value)
    else:
        inner = into.get(first)
        if not isinstance(inner, dict):
            inner = into[first] = {}
        _put(inner, rest, value)


async def read_params(request: Request) -> dict[str, Any]:
    """Query and body of a request; the body wins.

    Raises:
        Refusal: 400, if a JSON body is none.
    """
    params = nest(parse_qsl(request.url.query, keep_blank_values=True))
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "application/json":
        try:
            body = await request.json() if await request.body() else {}
        except ValueError as error:
            raise Refusal(400, {"errors": [f"invalid JSON: {error}"]}) from error
        if isinstance(body, Mapping):
            params.update(body)
    elif content_type == "multipart/form-data":
        params.update(nest((await request.form()).multi_items()))
    else:
        text = (await request.body()).decode("utf-8", "replace")
        params.update(nest(parse_qsl(text, keep_blank_values=True)))
    return params
