"""The site in a real browser: Debian's Chromium, driven by Playwright."""

import functools
import http.server
import random
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

import symgrad
from lab.site import entries
from lab.site.records import ROOT, read

BROWSER = shutil.which("chromium")
WITH_BROWSER = pytest.mark.skipif(
    BROWSER is None, reason="chromium is not installed: apt-get install chromium"
)
pytestmark = pytest.mark.slow
PAGES = (
    *("index", "lesson", "explorer", "findings", "disputes", "history"),
    *("functions/eigenvalue", "documents/ties"),
)
WIDTHS = (360, 768, 1440)
GRAVE = ("serious", "critical")
STATE = "explorer.html?framework=tensorflow&convention=lower&reads=lower"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "lab.site.build", "--output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Where a local server has it."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, address):
    """A function that opens a page; what its console or the network complains of fails the test."""
    contexts, complaints = [], []

    def watch(page, base):
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        inside = (base, "data:", "blob:")
        page.on("request", lambda r: r.url.startswith(inside) or complaints.append(r.url))

    def open_page(path, width=1440, base=address, **options):
        options = {"color_scheme": "light", "viewport": {"width": width, "height": 800}} | options
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)  # a processor that has other work
        watch(page, base)
        page.goto(base + path, wait_until="load")
        return page

    open_page.complaints = complaints
    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


class Parts(HTMLParser):
    """The links of a page, its anchors, and what it loads."""

    def __init__(self):
        super().__init__()
        self.links, self.anchors, self.loaded = [], set(), []

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        self.anchors.add(said.get("id"))
        if tag == "a" and said.get("href"):
            self.links.append(said["href"])
        elif tag == "link" and said.get("rel") != "canonical":
            self.loaded.append(said["href"])
        elif said.get("src"):
            self.loaded.append(said["src"])


def dead(folder):
    """The links of a folder of pages that lead nowhere, and what is loaded from elsewhere."""
    parts = {}
    for path in folder.rglob("*.html"):
        parts[path.resolve()] = found = Parts()
        found.feed(path.read_text(encoding="utf-8"))
    wrong = []
    for path, found in parts.items():
        if path.name == "404.html" or "appendix" in path.parts:
            continue
        wrong += [link for link in found.loaded if urlsplit(link).netloc]
        for link in (*found.links, *found.loaded):
            split = urlsplit(link)
            if split.scheme or split.netloc:
                continue
            target = (path.parent / unquote(split.path)).resolve() if split.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(split.fragment)
            known = parts[target].anchors if target in parts else {anchor}
            if not target.exists() or (anchor and anchor not in known):
                wrong.append(f"{path.name}: {link}")
    return wrong


def test_no_link_is_dead_and_nothing_is_loaded_from_elsewhere(site, tmp_path):
    assert dead(site) == []
    (tmp_path / "page.html").write_text(
        '<a id="here" href="#there"></a><a href="no.html"></a><script src="https://x.y/z"></script>'
    )
    assert dead(tmp_path) == ["https://x.y/z", "page.html: #there", "page.html: no.html"]


@WITH_BROWSER
@pytest.mark.parametrize("by", ["server", "file"])
def test_a_question_in_the_search_box_ends_at_the_row(opened, site, address, by):
    page = opened("index.html", base=address if by == "server" else site.as_uri() + "/")
    page.locator(".md-search__input").click()
    page.keyboard.type("tensorflow cholesky")
    first = page.locator(".md-search-result__link").first
    page.locator(".md-search-result__link[href*='tensorflow-tf-linalg-cholesky']").first.wait_for()
    assert re.search(r"tf\.linalg\.cholesky", first.locator("..").inner_text())
    page.locator(".md-search-result__link[href*='tensorflow-tf-linalg-cholesky']").first.click()
    page.wait_for_url("**/functions/**")
    row = page.locator(":target")
    assert "tf.linalg.cholesky" in row.inner_text()
    assert row.evaluate("e => e.getBoundingClientRect().top < innerHeight")


def count(page):
    return int(page.locator("#count").inner_text().split()[0])


def chosen(**wanted):
    """How many of today's entries are as the filters want them."""
    today = [e for e in entries.entries(read()) if e.is_today]
    return sum(all(getattr(e, key) == value for key, value in wanted.items()) for e in today)


@WITH_BROWSER
def test_filters_narrow_the_view_and_its_link_brings_it_back(opened):
    page = opened("explorer.html")
    everything = count(page)
    assert everything == chosen()
    page.locator("[name=framework]").select_option("tensorflow")
    page.locator("[name=convention]").select_option("lower")
    page.locator("[name=reads]").select_option("lower")
    wanted = chosen(framework="tensorflow", convention="lower", reads="lower")
    assert 0 < count(page) == wanted < everything
    link = page.locator("#here").get_attribute("href")
    assert link == STATE
    again = opened(link)
    assert count(again) == wanted
    assert again.locator("#rows tr").count() == min(wanted, 50)
    again.locator("#filters button[type=reset]").click()
    assert count(again) == everything
    assert count(opened("explorer.html?framework=nonsense")) == everything


@WITH_BROWSER
def test_dtype_mode_verdict_version_and_words_are_filters(opened):
    found = entries.entries(read())
    wrong = [e for e in found if e.is_today and e.outcomes.get("float64 forward") == "disagrees"]
    assert count(opened("explorer.html?mode=forward&verdict=disagrees")) == len(wrong) > 0
    half = [e for e in found if e.is_today and e.outcomes.get("float16 reverse") == "agrees"]
    assert count(opened("explorer.html?dtype=float16&verdict=agrees")) == len(half)
    former = next(e for e in found if not e.is_today)
    name = f"{former.framework} {former.version}"
    those = [e for e in found if f"{e.framework} {e.version}" == name]
    assert count(opened(f"explorer.html?version={name.replace(' ', '+')}")) == len(those)
    page = opened("explorer.html?words=tensorflow+cholesky+log_det")
    assert page.locator("#rows button.open").all_inner_texts() != []
    assert all("cholesky" in text for text in page.locator("#rows tr").all_inner_texts())


@WITH_BROWSER
def test_a_cell_opens_its_routes_by_keyboard_and_a_route_its_numbers(opened):
    page = opened("explorer.html")
    cell = page.locator("tr[data-function=log_det] td[data-framework=torch] a")
    cell.focus()
    page.keyboard.press("Enter")
    assert "function=log_det" in page.url
    assert page.evaluate("document.activeElement.id") == "routes"
    assert count(page) == chosen(function="log_det", framework="torch")
    page.locator("#rows button.open").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#rows .details .matrix td").count() == 4
    again = opened(page.url.split("/")[-1])
    assert again.locator("#rows .details .numbers tbody tr").count() == 3
    page.go_back()
    assert count(page) == chosen()


def values(page, row):
    cells = page.locator(f"[data-row={row}] > td[data-value]")
    return [float(cell.get_attribute("data-value")) for cell in cells.all()]


def exact(function, a, b, c):
    S = symgrad.derive(function, [[a, b], [b, c]]).gradient
    return [S[0, 0], 2 * S[0, 1], S[1, 1]]


@WITH_BROWSER
@pytest.mark.parametrize(
    ("choice", "function"), [("log_det", "log_det"), ("smallest", "smallest_eigenvalue")]
)
def test_the_lesson_s_numbers_are_the_exact_ones(opened, choice, function):
    page = opened("lesson.html")
    page.locator("[name=f]").select_option(choice)
    draw = random.Random(17)
    for _ in range(5):
        a, b, c = draw.uniform(1, 3), draw.uniform(-0.9, 0.9), draw.uniform(1, 3)
        for name, value in zip("abc", (a, b, c), strict=True):
            page.locator(f"[name={name}]").fill(repr(value))
        wanted = pytest.approx(exact(function, a, b, c), rel=1e-12, abs=1e-12)
        for row in ("exact", "symmetric", "lower"):
            assert values(page, row) == wanted
        assert values(page, "quotient") == pytest.approx(exact(function, a, b, c), abs=1e-6)
        assert values(page, "doubled") != wanted
        assert page.locator(".mark").all_inner_texts() == ["right", "right", "wrong"]


@WITH_BROWSER
def test_the_lesson_says_where_there_is_no_gradient_and_where_no_difference(opened):
    tie = opened("lesson.html?f=smallest&a=2&b=0&c=2")
    assert "no gradient" in tie.locator("#said").inner_text()
    assert tie.locator(".mark").all_inner_texts() == ["", "", ""]
    diagonal = opened("lesson.html?f=smallest&a=2&b=0&c=3")
    assert "coincide" in diagonal.locator("#said").inner_text()
    assert diagonal.locator(".mark").all_inner_texts() == ["right", "right", "right"]
    assert "definite" in opened("lesson.html?f=log_det&a=1&b=2&c=1").locator("#said").inner_text()


@WITH_BROWSER
def test_without_a_script_the_text_is_there(opened):
    page = opened("explorer.html", java_script_enabled=False)
    assert not page.locator("#filters").is_visible()
    assert page.locator("#heat td a").count() > 100
    page.locator("tr[data-function=log_det] td[data-framework=torch] a").click()
    page.wait_for_url("**/functions/log_det.html#torch")
    assert page.locator(".route .numbers").count() > 10
    lesson = opened("lesson.html", java_script_enabled=False)
    assert lesson.locator(".mark").all_inner_texts() == ["right", "right", "wrong"]


@WITH_BROWSER
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_are_accessible_and_complain_of_nothing(opened, name):
    from axe_playwright_python.sync_playwright import Axe

    for scheme in ("light", "dark"):
        for width in WIDTHS:
            page = opened(f"{name}.html", width, color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if width < 1000 or scheme == "dark":
                assert grave(Axe().run(page)) == []


def grave(results):
    return [
        (v["id"], v["nodes"][0]["html"][:200])
        for v in results.response["violations"]
        if v["impact"] in GRAVE
    ]


@WITH_BROWSER
def test_what_is_watched_for_is_noticed(opened):
    from axe_playwright_python.sync_playwright import Axe

    page = opened("lesson.html")
    page.evaluate("document.querySelector('main').innerHTML = '<img src=\"data:,\">'")
    assert [name for name, _ in grave(Axe().run(page))] == ["image-alt"]
    page.evaluate("console.error('planted'); fetch('http://127.0.0.1:9/').catch(() => {})")
    page.wait_for_event("requestfailed", lambda request: ":9/" in request.url) if not any(
        ":9/" in said for said in opened.complaints
    ) else None
    assert "planted" in opened.complaints
    assert "http://127.0.0.1:9/" in opened.complaints
    opened.complaints.clear()
