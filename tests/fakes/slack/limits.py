"""Slack's limits on messages and blocks, refused as Slack refuses them.

Sources: docs.slack.dev/reference/block-kit/blocks, docs.slack.dev/reference/methods/chat.postMessage;
the sum of about 13,200 characters over all blocks is github.com/slackapi/bolt-js/issues/2509.
"""

from __future__ import annotations

from typing import Any

TEXT_MAX = 40_000
BLOCKS_MAX = 50
TOTAL_MAX = 13_200
MARKDOWN_MAX = 12_000
SECTION_MAX = 3_000
FIELD_MAX = 2_000
FIELDS_MAX = 10
HEADER_MAX = 150
CONTEXT_MAX = 10
ACTIONS_MAX = 25
BUTTON_TEXT_MAX = 75
VALUE_MAX = 2_000
ID_MAX = 255
URL_MAX = 3_000
TABLE_ROWS = 100
TABLE_COLUMNS = 20
MODERN = {"markdown", "table", "context_actions", "rich_text"}


class Refused(Exception):
    """What Slack would answer instead of ok; `error` is its word, `detail` for the developer."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.detail = detail


def check_message(text: str, blocks: list[dict[str, Any]], modern: bool = True) -> None:
    """Raise Refused where Slack would refuse the message."""
    if not text and not blocks:
        raise Refused("no_text")
    if len(text) > TEXT_MAX:
        raise Refused("msg_too_long", f"{len(text)} characters of text")
    if len(blocks) > BLOCKS_MAX:
        raise Refused("invalid_blocks", f"{len(blocks)} blocks")
    _check_blocks(blocks, modern, modal=False)
    total = sum(_characters(block) for block in blocks)
    if total > TOTAL_MAX:
        raise Refused("msg_blocks_too_long", f"{total} characters over all blocks")


def check_view(view: dict[str, Any]) -> None:
    """Raise Refused where Slack would refuse a modal."""
    if view.get("type") not in {"modal", "home"}:
        raise Refused("invalid_arguments", "view type")
    if view.get("type") == "modal":
        _plain(view.get("title"), 24, "modal title")
        for key in ("submit", "close"):
            if key in view:
                _plain(view[key], 24, key)
    if len(str(view.get("private_metadata", ""))) > 3_000 or len(view.get("blocks", [])) > 100:
        raise Refused("invalid_arguments", "view too large")
    _check_blocks(view.get("blocks", []), modern=True, modal=True)


def _check_blocks(blocks: list[dict[str, Any]], modern: bool, modal: bool) -> None:
    block_ids: set[str] = set()
    action_ids: set[str] = set()
    tables = markdown = 0
    for position, block in enumerate(blocks):
        where = f"block {position}"
        kind = block.get("type", "")
        if not modern and kind in MODERN:
            raise Refused("invalid_blocks", f"{where}: unknown type {kind}")
        _unique(block.get("block_id"), block_ids, f"{where} block_id")
        check = _CHECKS.get(kind)
        if check is None or (kind == "input" and not modal):
            raise Refused("invalid_blocks", f"{where}: unknown type {kind}")
        check(block, where)
        tables += kind == "table"
        markdown += len(block.get("text", "")) if kind == "markdown" else 0
        for element in _elements(block):
            _unique(element.get("action_id"), action_ids, f"{where} action_id")
    if tables > 1:
        raise Refused("invalid_blocks", "only_one_table_allowed")
    if markdown > MARKDOWN_MAX:
        raise Refused("msg_too_long", f"{markdown} characters of markdown")


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(block.get("elements", [])) if block["type"] != "context" else []
    if "accessory" in block:
        found.append(block["accessory"])
    if block["type"] == "input":
        found.append(block["element"])
    return [one for one in found if isinstance(one, dict)]


def _unique(value: object, seen: set[str], where: str) -> None:
    if value is None:
        return
    if not isinstance(value, str) or not value or len(value) > ID_MAX:
        raise Refused("invalid_blocks", f"{where} of {len(str(value))} characters")
    if value in seen:
        raise Refused("invalid_blocks", f"{where} {value!r} twice")
    seen.add(value)


def _text(value: object, most: int, where: str) -> None:
    if not isinstance(value, dict) or value.get("type") not in {"mrkdwn", "plain_text"}:
        raise Refused("invalid_blocks", f"{where}: not a text object")
    text = value.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        raise Refused("invalid_blocks", f"{where}: text of {len(str(text))} characters")


def _plain(value: object, most: int, where: str) -> None:
    _text(value, most, where)
    if isinstance(value, dict) and value["type"] != "plain_text":
        raise Refused("invalid_blocks", f"{where}: must be plain_text")


def _section(block: dict[str, Any], where: str) -> None:
    if "text" in block:
        _text(block["text"], SECTION_MAX, where)
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        raise Refused("invalid_blocks", f"{where}: empty section")
    if len(fields) > FIELDS_MAX:
        raise Refused("invalid_blocks", f"{where}: {len(fields)} fields")
    for one in fields:
        _text(one, FIELD_MAX, where)
    if "accessory" in block:
        _element(block["accessory"], where)


def _header(block: dict[str, Any], where: str) -> None:
    _plain(block.get("text"), HEADER_MAX, where)


def _context(block: dict[str, Any], where: str) -> None:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= CONTEXT_MAX:
        raise Refused("invalid_blocks", f"{where}: {len(elements)} context elements")
    for one in elements:
        _text(one, SECTION_MAX, where)


def _actions(block: dict[str, Any], where: str) -> None:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= ACTIONS_MAX:
        raise Refused("invalid_blocks", f"{where}: {len(elements)} elements")
    for one in elements:
        _element(one, where)


def _element(element: dict[str, Any], where: str) -> None:
    kind = element.get("type")
    if kind == "button":
        _plain(element.get("text"), BUTTON_TEXT_MAX, f"{where} button")
        if len(element.get("value", "")) > VALUE_MAX or len(element.get("url", "")) > URL_MAX:
            raise Refused("invalid_blocks", f"{where}: button value too long")
        if element.get("style", "primary") not in {"primary", "danger"}:
            raise Refused("invalid_blocks", f"{where}: button style")
        if "confirm" in element:
            _confirm(element["confirm"], where)
    elif kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            _plain(element[side].get("text"), BUTTON_TEXT_MAX, where)
            if len(element[side].get("value", "")) > VALUE_MAX:
                raise Refused("invalid_blocks", f"{where}: feedback value too long")
    elif kind == "icon_button":
        _plain(element.get("text"), BUTTON_TEXT_MAX, where)
    elif kind in {"plain_text_input", "static_select"}:
        return
    else:
        raise Refused("invalid_blocks", f"{where}: unknown element {kind}")


def _confirm(confirm: dict[str, Any], where: str) -> None:
    _plain(confirm.get("title"), 100, where)
    _text(confirm.get("text"), 300, where)
    _plain(confirm.get("confirm"), 30, where)
    _plain(confirm.get("deny"), 30, where)


def _markdown(block: dict[str, Any], where: str) -> None:
    text = block.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= MARKDOWN_MAX:
        raise Refused("invalid_blocks", f"{where}: markdown of {len(str(text))} characters")


def _table(block: dict[str, Any], where: str) -> None:
    rows = block.get("rows", [])
    if not 1 <= len(rows) <= TABLE_ROWS:
        raise Refused("invalid_blocks", f"{where}: {len(rows)} rows")
    for row in rows:
        if not 1 <= len(row) <= TABLE_COLUMNS or len(row) != len(rows[0]):
            raise Refused("invalid_blocks", f"{where}: {len(row)} cells")
        for cell in row:
            if cell.get("type") != "raw_text" or not cell.get("text"):
                raise Refused("invalid_blocks", f"{where}: bad cell")


def _context_actions(block: dict[str, Any], where: str) -> None:
    if not 1 <= len(block.get("elements", [])) <= 5:
        raise Refused("invalid_blocks", f"{where}: context_actions elements")
    for one in block["elements"]:
        if one.get("type") not in {"feedback_buttons", "icon_button"}:
            raise Refused("invalid_blocks", f"{where}: {one.get('type')} in context_actions")
        _element(one, where)


def _input(block: dict[str, Any], where: str) -> None:
    _plain(block.get("label"), 2_000, where)
    _element(block["element"], where)


def _nothing(block: dict[str, Any], where: str) -> None:
    del block, where


_CHECKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "markdown": _markdown,
    "table": _table,
    "context_actions": _context_actions,
    "divider": _nothing,
    "input": _input,
}


def _characters(value: object) -> int:
    """Count what Slack seems to count: every displayed string."""
    if isinstance(value, dict):
        return sum(
            len(inner) if key == "text" and isinstance(inner, str) else _characters(inner)
            for key, inner in value.items()
        )
    if isinstance(value, list):
        return sum(_characters(one) for one in value)
    return 0
