"""Labels and selectors: what objects choose each other by. A plan needs them as they are.

They are no place for credentials, and whoever may read an object sees them; so they are masked only
where a value has a credential's own form, never for the name beside it (`tools.redact`). Pure. Used by
the redactor and by the readers.
"""

from typing import Any, cast

_FIELDS = frozenset({"labels", "matchLabels", "matchExpressions", "selector", "nodeSelector"})


def identifies(field: str, value: Any) -> bool:
    """Tell whether a field holds labels or selects by them, all of them text."""
    if field not in _FIELDS:
        return False
    if isinstance(value, dict):
        return all(isinstance(each, str) for each in cast("dict[str, Any]", value).values())
    return isinstance(value, list)


def restored(masked: Any, raw: Any) -> Any:
    """Give a masked object with its labels and selectors as they were: to plan with, never to show."""
    if isinstance(masked, dict) and isinstance(raw, dict):
        known = cast("dict[str, Any]", masked)
        fields: dict[str, Any] = {
            key: value if identifies(key, value) else restored(known[key], value)
            for key, value in cast("dict[str, Any]", raw).items()
            if key in known
        }
        return known | fields
    if isinstance(masked, list) and isinstance(raw, list):
        pairs = zip(cast("list[Any]", masked), cast("list[Any]", raw), strict=True)
        return [restored(one, other) for one, other in pairs]
    return cast("Any", masked)
