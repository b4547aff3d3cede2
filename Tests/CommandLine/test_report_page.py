# SPDX-License-Identifier: Apache-2.0
"""The page of aurora doctor --html, in a real browser."""
import shutil
import unittest

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from support import CommandLineTest


class ReportPageTest(CommandLineTest):
    def open(self, path):
        options = Options()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,900"):
            options.add_argument(argument)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.addCleanup(browser.quit)
        browser.get(f"file://{path}")
        self.browser = browser

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def rows(self):
        return [row.text for row in self.all("#matrix tbody th")]

    def background(self, scheme):
        self.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        return self.find("body").value_of_css_property("background-color"), self.find("body").value_of_css_property("color")

    def page(self, schemas, tables, *more):
        names = [f"s{index}" for index in range(schemas)]
        self.synthesize(schemas=names, users=[
            {"name": "app", "access": "writer"}, {"name": "reporting", "access": "reader"},
            {"name": "narrow", "access": "reader", "schemas": names[:2]}])
        self.succeed("aurora", "local", "up")
        script = "; ".join(
            [f"create table {name}.t{index} (id int)" for name in names for index in range(tables)] + list(more))
        (self.folder / "tables.sql").write_text(script)
        result = self.aurora("local", "psql", "--user", "manager", "--", "-q", "-v", "ON_ERROR_STOP=1", "-f", "tables.sql")
        self.assertEqual(result.returncode, 0, result.stderr)
        result = self.aurora("doctor", "--html", "page.html")
        self.assertIn(result.returncode, (0, 2), result.stderr)
        self.open(self.folder / "page.html")
        return result

    def test_shows_drift_and_explains_it_by_mouse_and_by_keyboard(self):
        result = self.page(
            3, 2, "revoke select on s1.t0 from r_reader", "grant insert on s2.t1 to r_reader",
            'create table s0."<script>alert(1)</script>" ()', "create function s0.f() returns int language sql as 'select 1'")
        self.assertEqual(result.returncode, 2)
        self.assertIn("Not as declared", self.find("#summary").text)
        self.assertEqual(self.rows(), ["s0", "s1", "s2"])
        self.assertEqual([head.text for head in self.all("#matrix thead th")][1:], [f"aurora_demo_{name}" for name in ("app", "reporting", "narrow")])
        drift = [button.get_attribute("aria-label") for button in self.all("#matrix .drift")]
        self.assertEqual(len(drift), 2, drift)
        self.assertTrue(all("aurora_demo_reporting" in label for label in drift))
        # Only what differs, by a click on the box and by typing.
        self.find("#drift").click()
        self.assertEqual(self.rows(), ["s1", "s2"])
        self.find("#drift").click()
        self.find("#schema").send_keys("s1")
        self.assertEqual(self.rows(), ["s1"])
        self.find("#schema").send_keys(Keys.BACKSPACE * 2)
        self.assertEqual(len(self.rows()), 3)
        # By keyboard: / to the filter, arrows in the matrix, Enter to open, Escape to go back.
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.find("#matrix button").send_keys("/")
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "object")
        first = self.find("#matrix button")
        first.send_keys(Keys.ARROW_DOWN)
        self.browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        label = self.browser.switch_to.active_element.get_attribute("aria-label")
        self.assertIn("aurora_demo_reporting in s1", label)
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        objects = self.all("#objects button")
        self.assertEqual([button.text for button in objects], ["t0 (table): nothing", "t1 (table): read"])
        self.assertEqual(objects[0].get_attribute("class"), "drift")
        objects[0].send_keys(Keys.ENTER)
        reason = self.find("#reason").text
        self.assertIn('GRANT SELECT ON TABLE "s1"."t0" TO "r_reader";', reason)
        self.assertIn("neither aurora_demo_reporting, r_reader nor everyone has SELECT", reason)
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.assertFalse(self.find("#field").is_displayed())
        self.assertIn("in s1", self.browser.switch_to.active_element.get_attribute("aria-label"))
        # A name is a name, whatever it looks like.
        self.all("#matrix button")[0].click()
        self.assertIn("<script>alert(1)</script> (table): write", [button.text for button in self.all("#objects button")])
        # Both schemes are readable, and not the same.
        light, dark = self.background("light"), self.background("dark")
        self.assertEqual(light[0], "rgba(255, 255, 255, 1)")
        self.assertNotEqual(light, dark)
        problems = [entry for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(problems, [])
        # It needs nothing else: no request but for the page itself.
        requests = [entry["message"] for entry in self.browser.get_log("performance") if "Network.requestWillBeSent\"" in entry["message"]]
        self.assertTrue(all("page.html" in request for request in requests), requests)

    def test_takes_200_schemas_and_5000_tables(self):
        result = self.page(200, 25)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("As declared", self.find("#summary").text)
        self.assertEqual(len(self.rows()), 200)
        self.find("#schema").send_keys("s19")
        self.assertEqual(len(self.rows()), 11)
        self.find("#user").send_keys("narrow")
        self.assertEqual(len(self.all("#matrix thead th")), 2)
        self.find("#user").send_keys(Keys.BACKSPACE * len("narrow"), "app")
        self.all("#matrix button")[0].click()
        self.assertEqual(len(self.all("#objects button")), 25)
        self.find("#object").send_keys("t24")
        self.assertEqual(len(self.all("#objects button")), 1)
        self.all("#objects button")[0].click()
        self.assertIn("is in r_writer", self.find("#reason").text)
        self.assertLess((self.folder / "page.html").stat().st_size, 3_000_000)


if __name__ == "__main__":
    unittest.main()
