"""A page opened in a browser without a window, and what the browser says of it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
ANSWER = '<script type="application/json" id="answer">'
AUDIT = """
<script>%s</script>
<script>
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const said = found.violations.map(v => ({
    rule: v.id, places: v.nodes.map(n => n.html.slice(0, 200))
  }));
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  const answer = document.createElement("script");
  answer.type = "application/json";
  answer.id = "answer";
  answer.textContent = JSON.stringify({violations: said, wide: wide});
  document.body.appendChild(answer);
});
</script>
"""


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the browser once, cut off from every network."""
    return subprocess.run(  # noqa: S603  (a browser, on pages of our own)
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            *options,
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )


def audited(page: Path, *, width: int = 1200, dark: bool = False) -> dict[str, Any]:
    """Return what axe-core finds, and by how much the page is too wide.

    The page's own policy would keep the audit out: the copy that is audited has none.
    """
    source = resources.files("axe_core_python") / "axe.min.js"
    text = POLICY.sub("", page.read_text("utf-8"))
    text = text.replace("</body>", AUDIT % source.read_text("utf-8") + "</body>")
    copy = page.with_name(f"audited-{page.name}")
    copy.write_text(text, encoding="utf-8")
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    told = run(
        *scheme,
        f"--window-size={width},900",
        "--virtual-time-budget=60000",
        "--dump-dom",
        copy.as_uri(),
    ).stdout
    answer = told.rsplit(ANSWER, 1)[1].split("</script>", 1)[0]
    return json.loads(html.unescape(answer))


def console(page: Path) -> list[str]:
    """Return what the browser's console says of a page, as it is.

    The page's policy forbids every request; the console tells of each that was tried.
    """
    told = run("--virtual-time-budget=5000", "--dump-dom", page.as_uri())
    return [line for line in told.stderr.splitlines() if "CONSOLE" in line]
