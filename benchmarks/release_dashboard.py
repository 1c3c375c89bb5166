"""How long a release's dashboard takes to open from disk, and what it weighs.

Usage: ``python -m benchmarks.release_dashboard [HOME]`` after ``make demo`` (default: ``MIDS_HOME``, else ``.mids``).
Debian's Chromium, headless, without a cache, from the start of navigation until the last chart of the page is drawn.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from pathlib import Path

TIMES = 9
#: Hears of the last chart at once: page.js sets ``data-drawn`` then.
_LISTEN = """
new MutationObserver(() => {
    if (document.documentElement && document.documentElement.dataset.drawn) window.drawnAfter ??= performance.now();
}).observe(document, {attributes: true, subtree: true, attributeFilter: ['data-drawn']});
"""


def main() -> None:
    """Print the median and the slowest of several openings, on a desktop and at a phone's width."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MIDS_HOME", ".mids"))
    page_file = home / "releases" / "current" / "dashboard.html"
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not page_file.exists() or chromium is None:
        print(f"not measured: no page at {page_file} (make demo), or no Chromium (make test installs it)")
        return
    from playwright.sync_api import sync_playwright

    print(
        f"{page_file.resolve().parent.name}/dashboard.html  {page_file.stat().st_size / 1e6:.2f} MB (bound: 6)"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height in (("desktop", 1280, 900), ("phone", 390, 844)):
            taken = []
            for _ in range(TIMES):
                context = browser.new_context(viewport={"width": width, "height": height})
                page = context.new_page()
                page.add_init_script(_LISTEN)
                page.goto(page_file.absolute().as_uri())
                page.wait_for_function("window.drawnAfter", timeout=60_000)
                taken.append(page.evaluate("window.drawnAfter") / 1000)
                charts = page.locator("svg.marks").count()
                context.close()
            print(
                f"{name:<8} {charts} charts drawn in {statistics.median(taken):.2f} s (median of {TIMES}; "
                f"slowest {max(taken):.2f} s; bound: 2)"
            )
        browser.close()


if __name__ == "__main__":
    main()
