"""Pictures of the dashboard for docs/dashboard.md: ``make screenshots`` takes them of the sample's newest release.

Belongs here: which pictures, at which size. Does not belong here: checking anything (the tests beside it do).
"""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Sections pictured in English on a desktop; the top of the page is pictured in both languages and on a phone.
SECTIONS = ("trend", "states", "children", "scams", "funnel", "whatif", "skill", "fresh")


def take(page_file: Path) -> list[Path]:
    """Write the pictures (WebP) and return them."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    done: list[Path] = []
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for language, width, height in (("en", 1280, 1180), ("ms", 1280, 1180), ("en", 390, 844)):
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            page.add_init_script(f"localStorage.setItem('mids-language', '{language}')")
            page.goto(page_file.resolve().as_uri())
            page.wait_for_function("document.documentElement.dataset.drawn", timeout=60_000)
            session = context.new_cdp_session(page)
            size = "phone" if width < 600 else "desktop"
            done.append(
                _save(
                    session,
                    f"dashboard-{size}-{language}",
                    {"x": 0, "y": 0, "width": width, "height": height},
                )
            )
            if (language, size) == ("en", "desktop"):
                page.add_style_tag(content="nav { position: static !important; }")
                for section in SECTIONS:
                    box = page.evaluate(
                        "id => { const e = document.getElementById(id); if (!e) return null;"
                        "const r = e.getBoundingClientRect();"
                        "return {x: r.x - 12, y: r.y + scrollY - 12, width: r.width + 24, height: r.height + 24}; }",
                        section,
                    )
                    if box:
                        done.append(
                            _save(
                                session, f"dashboard-{section}", {**box, "height": min(box["height"], 1100)}
                            )
                        )
            context.close()
        browser.close()
    return done


def _save(session: object, name: str, clip: dict[str, float]) -> Path:
    told = session.send(  # type: ignore[attr-defined]
        "Page.captureScreenshot",
        {"format": "webp", "quality": 62, "captureBeyondViewport": True, "clip": {**clip, "scale": 0.8}},
    )
    path = PICTURES / f"{name}.webp"
    path.write_bytes(base64.b64decode(told["data"]))
    return path


if __name__ == "__main__":
    for picture in take(Path(sys.argv[1])):
        print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size:,} bytes")
