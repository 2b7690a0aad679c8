"""Which SVG files may be shown to learners: still drawings that load nothing and run nothing.

The file is walked with expat, without DTDs, entities or processing instructions. Elements are held against an
allow-list made of the drawing parts of SVG 2 (https://www.w3.org/TR/SVG2/), so that scripts, foreignObject, frames,
media and animation need no list of their own.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final
from xml.parsers import expat

from qualoop.content_packages.faults import Fault

NAMESPACE: Final = "http://www.w3.org/2000/svg"
XLINK_HREF: Final = "http://www.w3.org/1999/xlink href"

_ELEMENTS: Final = frozenset(
    {
        *("svg", "g", "defs", "symbol", "use", "switch", "title", "desc", "style"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "textPath", "image"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker", "filter"),
        *(
            "feBlend",
            "feColorMatrix",
            "feComponentTransfer",
            "feComposite",
            "feDropShadow",
            "feFlood",
            "feGaussianBlur",
        ),
        *("feFuncA", "feFuncB", "feFuncG", "feFuncR", "feMerge", "feMergeNode", "feMorphology", "feOffset"),
    }
)
_INSIDE: Final = re.compile(r"#|data:image/(?:png|jpeg|webp);base64,")
_CSS_ADDRESS: Final = re.compile(r"""url\(\s*["']?(?!#)|@import|image-set\(|\\""", re.IGNORECASE)


def svg_faults(data: bytes) -> list[Fault]:
    """Return everything that keeps ``data`` from being shown as a figure; never raises."""
    return _Walk().faults_of(data)


class _StopWalkError(Exception):
    """The file is of a kind whose inside need not be looked at."""


class _Walk:
    """One pass over one drawing."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._depth = 0
        self._style: list[str] | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def faults_of(self, data: bytes) -> list[Fault]:
        try:
            self._parser.ParseFile(BytesIO(data))
        except expat.ExpatError as error:
            message = f"not well-formed XML: {expat.ErrorString(error.code)}"
            self._faults.append(Fault(error.lineno, "svg-not-well-formed", message, "export the drawing again"))
        except (_StopWalkError, ValueError, LookupError):
            if not self._faults:
                self._add("svg-not-well-formed", "the encoding is not known", "save it as UTF-8")
        return self._faults

    def _add(self, code: str, message: str, repair: str) -> None:
        self._faults.append(Fault(max(self._parser.CurrentLineNumber, 1), code, message, repair))

    def _doctype(self, *_: object) -> None:
        self._add("svg-doctype", "a DOCTYPE stands in the drawing", "take the <!DOCTYPE …> line out")
        raise _StopWalkError

    def _instruction(self, target: str, _data: str) -> None:
        self._add("svg-instruction", f"a processing instruction `{target}` stands in the drawing", "take it out")

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, element = qualified.rpartition(" ")
        self._depth += 1
        if self._depth == 1:
            self._root(namespace, element, attributes)
        if namespace != NAMESPACE or element not in _ELEMENTS:
            self._add("svg-element", f"`{element}` may not stand in a figure", "save it as plain SVG without it")
        if element == "style":
            self._style = []
        for name, value in attributes.items():
            self._attribute(name, value)

    def _root(self, namespace: str, element: str, attributes: dict[str, str]) -> None:
        if (namespace, element) != (NAMESPACE, "svg"):
            self._add("svg-root", "the file is not an SVG drawing", f'begin with <svg xmlns="{NAMESPACE}">')
            raise _StopWalkError
        if "viewBox" not in attributes:
            self._add("svg-no-viewbox", "the drawing has no viewBox and cannot shrink to a phone", "add a viewBox")

    def _attribute(self, name: str, value: str) -> None:
        if name.lower().startswith("on"):
            self._add("svg-event-handler", f"`{name}` is an event handler", "take the attribute out")
        elif name in {"href", XLINK_HREF} and not _INSIDE.match(value.strip()):
            self._add("svg-external-reference", f"`{value}` lies outside the drawing", "draw or embed it")
        elif name.endswith(" base") or _CSS_ADDRESS.search(value):
            self._add("svg-external-reference", f"`{value}` may load something from outside", "refer to #ids only")

    def _end(self, _qualified: str) -> None:
        self._depth -= 1
        if self._style is not None and _CSS_ADDRESS.search("".join(self._style)):
            self._add("svg-external-reference", "the style sheet loads something from outside", "refer to #ids only")
        self._style = None

    def _characters(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)
