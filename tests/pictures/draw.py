"""Draws a terminal's text, with its colours, as an SVG picture: draw.py TEXT SVG TITLE."""

import io
import re
import sys

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text


def main(source, picture, title):
    with open(source, encoding="utf-8", newline="") as file:
        lines = file.read().replace("\r", "").rstrip().split("\n")
    width = min(160, max(len(Text.from_ansi(line)) for line in lines))
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    for line in lines:
        text = Text.from_ansi(line)
        if line.startswith("$ "):
            text.stylize("bold")
        elif re.match(r"HTTP/1.1 5", line):
            text.stylize("bold red")
        elif match := re.match(r"[a-z0-9-]+: ", line):
            text.stylize("cyan", 0, match.end() - 2)
        console.print(text, overflow="fold")
    svg = console.export_svg(title=title, theme=DIMMED_MONOKAI)
    # Whatever shows the picture has a font of its own; nothing is fetched.
    svg = re.sub(r"@font-face \{[^}]*\}", "", svg)
    # Some renderers drop leading blanks otherwise.
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    with open(picture, "w", encoding="utf-8") as file:
        file.write(svg)


main(*sys.argv[1:])
