# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of the documentation from what the programs do; Scripts/pictures calls it, and a test compares.

Usage: pictures.py FOLDER-OF-PICTURES DEMO-SCRIPT
"""
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
WIDTH = 118

MATRIX = {
    "stack": "Orders", "vpc": {"create": {}}, "kmsKey": {"create": {}},
    "aurora": {"name": ["orders"], "databaseName": "orders", "schemas": ["public", "billing", "reports"], "users": [
        {"name": "app", "access": "writer"}, {"name": "reporting", "access": "reader"},
        {"name": "support", "access": "reader", "schemas": ["public"]}, {"name": "migrations", "access": "owner"}]}}
TABLES = """
create table public.orders (id int); create table public.customers (id int); create table billing.invoices (id int);
create table billing.payments (id int); create view reports.monthly as select 1 as month;
revoke select on billing.invoices from r_reader;
"""


def run(*command, folder, fails=False):
    result = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, env={
        # As after `make functions`, a bundle is there, and nothing is said about it; the server is the system's own.
        **os.environ, "AURORA_POSTGRES_BIN": "", "AURORA_DEMO_FOLDER": str(folder), "AURORA_FUNCTIONS_BUNDLE": str(make_bundle(folder))})
    if result.returncode != 0 and not fails:
        sys.exit(f"{command}\n{result.stdout}\n{result.stderr}")
    return result.stdout


def make_bundle(folder):
    bundle = pathlib.Path(folder, "bundle")
    if not bundle.exists():
        bundle.mkdir()
        shutil.copy("/bin/true", bundle / "bootstrap")
    return bundle


def demo(script, folder):
    """What `make demo` prints, without what is another one each time."""
    try:
        text = run("bash", script, folder=folder)
    finally:
        run("aurora", "local", "down", "--delete", folder=folder, fails=True)
    text = text[text.index("==> Synthesizing"):text.index("\nGo on with")]
    return ["$ make demo"] + re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:54321", text).splitlines()


def terminal(lines):
    """A terminal with these lines."""
    wrapped = [line[start:start + WIDTH] for line in lines for start in range(0, max(len(line), 1), WIDTH)]
    height, rows = 17 * len(wrapped) + 44, []
    for index, line in enumerate(wrapped):
        colour = "#7ee787" if line.startswith("$") else "#79c0ff" if line.startswith("==>") else "#e6edf3"
        rows.append(f'<text x="16" y="{46 + 17 * index}" fill="{colour}" xml:space="preserve">{html.escape(line)}</text>')
    width = 32 + 7.85 * max(map(len, wrapped))
    dots = "".join(f'<circle cx="{18 + 18 * n}" cy="16" r="5" fill="{c}"/>' for n, c in enumerate(("#ff5f57", "#febc2e", "#28c840")))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" role="img" '
        f'aria-label="What make demo prints">\n<rect width="100%" height="100%" rx="8" fill="#0d1117"/>{dots}\n'
        f'<g font-family="{FONT}" font-size="13">\n' + "\n".join(rows) + "\n</g>\n</svg>\n")


def rotation():
    """Both layouts of secrets behind the proxy, after a rotation."""
    parts, colours = [], {"works": "#1a7f37", "is turned away": "#cf222e"}

    def box(x, y, width, lines, fill="#f6f8fa"):
        parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="44" rx="6" fill="{fill}" stroke="#8c959f"/>')
        for index, line in enumerate(lines):
            weight = ' font-weight="600"' if index == 0 else ' fill="#57606a"'
            parts.append(f'<text x="{x + 12}" y="{y + 19 + 16 * index}"{weight}>{html.escape(line)}</text>')

    def arrow(x1, y1, x2, y2, text, colour="#57606a"):
        parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="1.5" marker-end="url(#to)"/>')
        middle = (x1 + x2) / 2, (y1 + y2) / 2 - 6
        parts.append(f'<text x="{middle[0]}" y="{middle[1]}" text-anchor="middle" fill="{colour}">{html.escape(text)}</text>')

    def panel(top, title, secrets, clients):
        parts.append(f'<text x="20" y="{top}" font-size="15" font-weight="600">{html.escape(title)}</text>')
        middle = top + 20 + 29 * (len(secrets) - 1)
        box(390, middle, 170, ["RDS Proxy", "admits whom it lists"], "#ddf4ff")
        for index, (name, user, listed) in enumerate(secrets):
            y = top + 20 + 58 * index
            box(20, y, 250, [name, user])
            if listed:
                arrow(270, y + 22, 388, middle + 22, "is listed")
        for index, (name, user, outcome) in enumerate(clients):
            y = middle - 29 + 58 * index
            box(700, y, 250, [name, user])
            arrow(698, y + 22, 562, middle + 22, outcome, colours[outcome])

    clients = ("client, secret fetched before", "logs in as reader"), ("client, secret fetched after", "logs in as reader_clone")
    panel(30, "bothUsers, the default, after a rotation", [
        ("AuroraDemoReader", "was reader, is reader_clone", False), ("AuroraDemoReaderProxyUser", "reader, always", True),
        ("AuroraDemoReaderProxyClone", "reader_clone, always", True)], [(*clients[0], "works"), (*clients[1], "works")])
    panel(260, "activeUser, the layout of the original, after a rotation", [
        ("AuroraDemoReader", "was reader, is reader_clone", True)],
        [(*clients[0], "is turned away"), (*clients[1], "works")])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="970" height="390" viewBox="0 0 970 390" role="img" '
        'aria-label="Which secrets the proxy lists, and whom it admits after a rotation">\n'
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#57606a"/></marker></defs>\n<rect width="100%" height="100%" rx="8" fill="#ffffff"/>\n'
        '<g font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">\n' + "\n".join(parts) + "\n</g>\n</svg>\n")


def matrix(folder, picture=None):
    """The page of aurora doctor on a database that somebody has changed by hand: its text, and a picture where asked for."""
    from selenium import webdriver
    from selenium.webdriver.common.by import By

    pathlib.Path(folder, "orders.json").write_text(json.dumps(MATRIX))
    pathlib.Path(folder, "tables.sql").write_text(TABLES)
    run("aurora", "synth", "orders.json", "--quiet", folder=folder)
    try:
        run("aurora", "local", "up", folder=folder)
        run("aurora", "local", "exec", "--user", "manager", "--", "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", "tables.sql", folder=folder)
        # Exit code 2: not as declared.
        run("aurora", "doctor", "--html", "page.html", folder=folder, fails=True)
    finally:
        run("aurora", "local", "down", "--delete", folder=folder, fails=True)
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1200,900"):
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium")
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get(f"file://{folder}/page.html")
        browser.find_element(By.CSS_SELECTOR, "#matrix .drift").click()
        browser.find_element(By.CSS_SELECTOR, "#objects .drift").click()
        if picture:
            browser.execute_script("window.scrollTo(0, 0)")
            browser.save_screenshot(str(picture))
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", browser.find_element(By.TAG_NAME, "body").text) + "\n"
    finally:
        browser.quit()


def new_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-pictures-", dir="/var/tmp"))
    folder.chmod(0o755)
    return folder


def main():
    pictures, script = pathlib.Path(sys.argv[1]), sys.argv[2]
    folder = new_folder()
    try:
        (pictures / "demo.svg").write_text(terminal(demo(script, folder)))
        (pictures / "aurora-demo.svg").write_text(run("aurora", "diagram", folder=folder))
        (pictures / "rotation.svg").write_text(rotation())
        # The page has the time on it: a picture of the same text stays.
        text, taken = pictures / "access-matrix.txt", folder / "access-matrix.png"
        shown = matrix(folder, taken)
        if not text.exists() or text.read_text() != shown:
            text.write_text(shown)
            shutil.copy(taken, pictures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
