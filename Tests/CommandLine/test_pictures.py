# SPDX-License-Identifier: Apache-2.0
"""The pictures of the documentation show what the programs do now; `make pictures` makes them anew."""
import re
import sys
import unittest

from support import PROJECT, CommandLineTest

sys.path.insert(0, str(PROJECT / "Tools"))
import pictures

IMAGES = PROJECT / "Documentation/Images"


class PicturesTest(CommandLineTest):
    maxDiff = None

    def test_the_demo_prints_what_is_shown(self):
        shown = (IMAGES / "demo.svg").read_text()
        made = pictures.terminal(pictures.demo(PROJECT / "Scripts/demo", self.folder))
        # Whichever version of PostgreSQL is there.
        self.assertEqual(*[re.sub(r"PostgreSQL [\d.]+", "PostgreSQL", text) for text in (shown, made)])

    def test_the_page_of_doctor_says_what_is_shown(self):
        self.assertEqual((IMAGES / "access-matrix.txt").read_text(), pictures.matrix(self.folder))
        self.assertTrue((IMAGES / "access-matrix.png").exists())

    def test_the_layouts_of_rotation_are_drawn_as_shown(self):
        self.assertEqual((IMAGES / "rotation.svg").read_text(), pictures.rotation())


if __name__ == "__main__":
    unittest.main()
