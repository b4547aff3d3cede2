# SPDX-License-Identifier: Apache-2.0
"""Writes the results of a run into the tables of README.md, with the date and the machine.

Usage: record.py FOLDER-OF-RESULTS MACHINE
"""
import datetime
import pathlib
import re
import sys

from measure import BENCHES

page = BENCHES / "README.md"
text = page.read_text()
results, machine = pathlib.Path(sys.argv[1]), sys.argv[2]
for result in results.glob("*.md"):
    begin, end = f"<!-- {result.stem} -->", f"<!-- end of {result.stem} -->"
    table = f"{begin}\n{result.read_text()}\n{datetime.date.today()}: {machine}.\n{end}"
    text, count = re.subn(f"{begin}.*?{end}", lambda _: table, text, flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{page} has no place for {result.stem}")
page.write_text(text)
