# SPDX-License-Identifier: LGPL-2.1-or-later
"""add-option.py SOURCE SCRATCH MESON: does what CONTRIBUTING.md says under "Add an option" in a copy of the tree, and
looks for the new option wherever the row alone has to bring it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE, SCRATCH, MESON = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
TREE, BUILD = SCRATCH / "tree", SCRATCH / "build"
TARGETS = ["src/ctl/quiltctl", "src/spec/libquilt-spec.a", "src/base/libquilt-base.a", "dbus/org.quilt.xml",
           "docs/quiltctl.1", "docs/quiltctl.1.rst", "docs/org.quilt.5", "completions/quiltctl", "completions/_quiltctl"]

# Prints the option as a caller on the bus and systemd see it.
PROBE = """
#include "spec/options/controllers.h"
#include "spec/options/options.h"
#include <stdio.h>
int main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, argv[1], NULL, NULL, NULL);
  g_autoptr (QuiltOptions) defaults = quilt_options_new ();
  g_autoptr (QuiltOptions) options = quilt_options_from_variant (dict, &error);
  g_autoptr (GVariant) properties = NULL;
  if (!options)
    return puts (error->message), 1;
  properties = g_variant_ref_sink (quilt_options_scope_properties (options, NULL, 1, ":1.1"));
  puts (g_variant_print (properties, TRUE));
  puts (json_object_to_json_string (quilt_options_to_json (options)));
  puts (quilt_options_missing_controllers (options, defaults, "memory"));
  return !quilt_options_update (options, dict, &error);
}
"""


def run(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def copy_tree():
    names = run("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=SOURCE)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    for name in filter(None, names.split("\0")):
        if (SOURCE / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(SOURCE / name, TREE / name)


def read_row():
    """The row as CONTRIBUTING.md has it: (the text, its key, its name on the command line)."""
    section = (SOURCE / "CONTRIBUTING.md").read_text().split("\n## Add an option\n")[1]
    row = re.search(r"```toml\n(.*?)```", section, re.S)[1]
    return row, *re.search(r"^\[([\w-]+)\.--([\w-]+)\]$", row, re.M).groups()


def probe(text):
    (SCRATCH / "probe.c").write_text(PROBE)
    flags = run("pkg-config", "--cflags", "--libs", "glib-2.0", "json-c").split()
    libraries = [BUILD / "src/spec/libquilt-spec.a", BUILD / "src/base/libquilt-base.a"]
    run("cc", "-o", SCRATCH / "probe", SCRATCH / "probe.c", f"-I{TREE}/src", f"-I{BUILD}/src", *libraries, *flags)
    return subprocess.run([SCRATCH / "probe", text], stdout=subprocess.PIPE, text=True)


def complaints(key, name):
    for verb in "run", "create", "update":
        if not re.search(rf"^  --{name}=", run(BUILD / "src/ctl/quiltctl", verb, "--help"), re.M):
            yield f"quiltctl {verb} --help lacks it"
    words = {"dbus/org.quilt.xml": f'"{key}" t: ', "docs/org.quilt.5": key.replace("-", "\\-"),
             "docs/quiltctl.1": name.replace("-", "\\-"), "docs/quiltctl.1.rst": f"--{name}=NUMBER",
             "completions/quiltctl": f" --{name}", "completions/_quiltctl": f"--{name}=["}
    for path, word in words.items():
        if word not in (BUILD / path).read_text():
            yield f"{path} lacks it"
    good, bad = probe(f"{{'{key}': <uint64 7>}}"), probe(f"{{'{key}': <uint64 0>}}")
    for word in "('StartupCPUWeight', <uint64 7>)", f'"{key}": 7', f"{key} needs cpu":
        if good.returncode or word not in good.stdout:
            yield f"the options lack {word}: {good.stdout}"
    if bad.returncode != 1 or f"option '{key}' to '0': must be 1 to 10000" not in bad.stdout:
        yield f"a value out of range is accepted: {bad.stdout}"


def main():
    row, key, name = read_row()
    copy_tree()
    with open(TREE / "src/spec/options/options.toml", "a") as table:
        table.write("\n" + row)
    environment = {**os.environ, "CCACHE_BASEDIR": str(SCRATCH)}
    run(MESON, "setup", "-Dtests=false", "-Dbuildtype=plain", BUILD, TREE, env=environment)
    run("ninja", "-C", BUILD, *TARGETS, env=environment)
    found = list(complaints(key, name))
    print("\n".join(found))
    shutil.rmtree(SCRATCH)
    sys.exit(bool(found))


main()
