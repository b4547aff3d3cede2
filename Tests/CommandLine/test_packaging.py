# SPDX-License-Identifier: Apache-2.0
"""The script that builds the functions' bundle, as far as it can be asked without building one."""
import platform
import unittest

from support import PROJECT, CommandLineTest


class PackagingTest(CommandLineTest):
    def functions(self, *arguments, **options):
        return self.run_program("bash", PROJECT / "Scripts/functions", *arguments, self.folder / "bundle", **options)

    def test_refuses_what_it_does_not_know(self):
        for arguments, words in [(["--architecture", "mips"], "x86_64 and arm64, and no mips"), (["--arch"], "There is no option '--arch'")]:
            result = self.functions(*arguments)
            self.assertEqual(result.returncode, 64)
            self.assertIn(words, result.stderr)

    def test_says_what_the_other_processor_needs(self):
        other = "arm64" if platform.machine() == "x86_64" else "x86_64"
        # As where Docker is not installed, or does not run.
        (self.folder / "docker").write_text("#!/bin/sh\nexit 1\n")
        (self.folder / "docker").chmod(0o755)
        result = self.functions("--architecture", other, environment={"PATH": f"{self.folder}:/usr/bin:/bin"})
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"A bundle for {other} cannot be built on", result.stderr)
        self.assertFalse((self.folder / "bundle").exists())

    def test_has_the_other_processor_built_in_a_container(self):
        other = "arm64" if platform.machine() == "x86_64" else "x86_64"
        # What Docker is told, and what it would leave behind.
        (self.folder / "docker").write_text(
            '#!/bin/sh\n[ "$1" = info ] && exit 0\necho "$@" > "%s/told"\n'
            'while [ $# -gt 0 ]; do case $1 in type=local,dest=*) mkdir -p "${1#*dest=}"; echo x > "${1#*dest=}/bootstrap";; esac; shift; done\n'
            % self.folder)
        (self.folder / "docker").chmod(0o755)
        result = self.functions("--architecture", other, environment={"PATH": f"{self.folder}:/usr/bin:/bin"})
        self.assertEqual(result.returncode, 0, result.stderr)
        told = (self.folder / "told").read_text()
        self.assertIn(f"--platform linux/{other.replace('x86_64', 'amd64')}", told)
        self.assertIn("Tools/functions.Dockerfile", told)
        self.assertTrue((self.folder / "bundle/bootstrap").exists())
        self.assertFalse((self.folder / "bundle/certificates").exists())
        # With the authorities of the database's certificates, where they are given.
        (self.folder / "odd.pem").write_text("nothing")
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        result = self.functions("--database-certificates", self.folder / "odd.pem", environment=environment)
        self.assertEqual((result.returncode, "holds no certificates" in result.stderr), (66, True))
        (self.folder / "rds.pem").write_text("-----BEGIN CERTIFICATE-----\n")
        result = self.functions(
            "--architecture", other, "--database-certificates", self.folder / "rds.pem", environment=environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((self.folder / "bundle/certificates/database.pem").exists())


if __name__ == "__main__":
    unittest.main()
