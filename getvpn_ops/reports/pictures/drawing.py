"""Elements of SVG as text. Every value is escaped, after all that is unseen in it became an escape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from getvpn_ops.reports.console import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH: Final = 960
"""Of every picture, in its own units."""
LEFT: Final = 190
"""Where time begins; names stand before it."""
RIGHT: Final = 944
_NAME = 26
_SAID = 1500


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """One element.

    Args:
        name: of the element.
        inside: text, which is escaped, or elements.
        attributes: with ``_`` for ``-``; a trailing ``_`` is left out, as in ``class_``.
    """
    said = [
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), visible(_short(value)))
        for key, value in attributes.items()
    ]
    body = Markup("").join(part if isinstance(part, Markup) else escape(visible(part)) for part in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), Markup("").join(said), body)  # noqa: S704 -- our own names


def picture(kind: str, title: str, said: str, height: float, parts: Iterable[Markup]) -> Markup:
    """A whole picture, with its words for those who cannot see it.

    Args:
        kind: names it in the page.
        title: for people.
        said: what it shows, in words.
        height: in its own units.
        parts: that it is made of.
    """
    cut = said if len(said) <= _SAID else f"{said[:_SAID]}..."
    return element(
        "svg",
        element("title", title, id=f"{kind}-title"),
        element("desc", cut, id=f"{kind}-desc"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        class_="picture",
        viewBox=f"0 0 {WIDTH} {_short(height)}",
        role="img",
        aria_labelledby=f"{kind}-title {kind}-desc",
    )


def words(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> Markup:
    """A line of text."""
    return element("text", text, x=x, y=y, class_=f"t {kind}".rstrip(), text_anchor=anchor)


def box(  # noqa: PLR0913, PLR0917 -- four numbers make a rectangle
    x: float, y: float, wide: float, high: float, kind: str, tip: str = ""
) -> Markup:
    """A rectangle; what it stands for shows when somebody points at it."""
    inside = (element("title", tip),) if tip else ()
    return element("rect", *inside, x=x, y=y, width=max(wide, 1.5), height=high, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def name_of(text: str) -> str:
    """A name that has room before the time begins."""
    shown = visible(text)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"


def _short(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
