"""Draws the pictures of the README: the dashboard in the middle of an outage, in both themes."""

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from harness.build import ROOT

from .cases.live import SOON
from .cases.shape import NAMES, unwell
from .stage import settle

DOCS = ROOT / "crates/soe503-proxy/docs"


def draw(args: argparse.Namespace) -> int:
    with unwell(args) as stage:
        # So that the charts have something to show: an outage that comes and goes.
        settle(60)
        stage.backends[NAMES[0]].start()
        settle(30)
        stage.backends[NAMES[0]].kill()
        settle(30)
        for dark in (False, True):
            page = stage.open(width=1280, height=1180, dark=dark)
            expect(page.locator("#link")).to_have_text("●live", timeout=SOON)
            save(page.screenshot(), DOCS / f"dashboard-{'dark' if dark else 'light'}.png")
            stage.close(page)
    return 0


def save(shot: bytes, path: Path) -> None:
    """With 256 colours, the picture's own as k-means finds them, and dithered: a palette cut by halves shifts hues, and shades become bands."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    palette = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=4)
    picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")
