# SPDX-License-Identifier: LGPL-2.1-or-later
"""The suite `style`: what of docs/style.md a program can check. Usage: style.py CHECK SOURCE BUILD"""

import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

FILE_LINES, FUNCTION_LINES, NESTING = 600, 60, 4
ROOM_LINES = 4000

SOURCE, BUILD = Path(sys.argv[2]), Path(sys.argv[3])


def tracked(*patterns):
    """Files of the tree as git knows them, so that build directories and caches stay out."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=SOURCE, stdout=subprocess.PIPE, check=True).stdout.decode()
    return [SOURCE / name for name in listing.split("\0") if name and (SOURCE / name).is_file()]


def c_files():
    return tracked("src/*.c", "src/*.h")


def where(path, number=None):
    return f"{path.relative_to(SOURCE)}:{number}" if number else str(path.relative_to(SOURCE))


def without_comments(text):
    """The code alone, line for line: comments and string literals are blanked out."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def check_heads():
    """Each C file begins with its licence and one line that says what it is for."""
    for path in c_files():
        lines = path.read_text().split("\n")
        if lines[0] != "/* SPDX-License-Identifier: LGPL-2.1-or-later */":
            yield f"{where(path)}: the first line is not the SPDX line"
        elif not lines[1].startswith("/* "):
            yield f"{where(path)}: the second line does not say what the file is for"
    for path in tracked("*.py", "tools/*", ".ci/*", "*/meson.build", "meson.build"):
        if "SPDX-License-Identifier: LGPL-2.1-or-later" not in "".join(path.read_text().splitlines(True)[:3]):
            yield f"{where(path)}: no SPDX line at its head"


def check_format():
    """clang-format decides."""
    paths = c_files() + tracked("tests/*.c", "tests/*.h", "tests/*.cc")
    run = subprocess.run(["clang-format", "--dry-run", "--ferror-limit=3", "-Werror", *map(str, paths)],
                         stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        yield from [line for line in run.stderr.split("\n") if "error:" in line]


def room_rules():
    """The table of rooms in docs/architecture.md is the rule."""
    rules = {}
    for line in (SOURCE / "docs/architecture.md").read_text().split("\n"):
        row = re.match(r"\| `([\w/]+)/` \|.*\| ([\w/ –]+) \|$", line)
        if row:
            rules[row[1]] = set(row[2].replace("–", "").split())
    return rules


def room_of(name, rules):
    """The room of a file below src/, the innermost one that has a row. None: it has no room."""
    parts = name.split("/")[:-1]
    while parts and "/".join(parts) not in rules:
        parts.pop()
    return "/".join(parts) or None


def may_include(room, target, rules):
    """A row that allows a room also allows the rooms in it. Between rooms of one house, each room must be named."""
    if room.split("/")[0] == target.split("/")[0]:
        return target == room or target in rules[room]
    return target in rules[room] or target.split("/")[0] in rules[room]


# The headers of an object's fields or of changes that only its room makes, and the files or the directory that may
# include the header.
PRIVATE = {
    "daemon/containers/container-private.h": {
        f"src/daemon/containers/{name}.c" for name in ("attach", "container", "lifecycle", "remove", "result", "setup", "start", "stop")},
    "daemon/images/image-private.h": {"src/daemon/images/"},
    "daemon/images/images-private.h": {"src/daemon/images/"},
    "store/store-private.h": {"src/store/"},
}


def check_rooms():
    """A file includes only from its own room and the rooms in its row, and never by a relative path."""
    rules = room_rules()
    for path in c_files():
        room = room_of(str(path.relative_to(SOURCE / "src")), rules)
        if not room:
            yield f"{where(path)}: its directory has no row in docs/architecture.md"
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            include = re.match(r'#include "([^"]+)"', line)
            if not include or include[1] in ("config.h", "quilt-bus.h", "dbus/quilt-bus.h"):
                continue
            target = room_of(include[1], rules)
            if not target:
                yield f"{where(path, number)}: include is not spelled \"room/module.h\""
            elif not may_include(room, target, rules):
                yield f"{where(path, number)}: {room} may not include {target}"
            elif include[1].endswith("-private.h") and not where(path).startswith(tuple(PRIVATE.get(include[1], ()))):
                yield f"{where(path, number)}: {include[1]} is for the files that PRIVATE in style.py lists"


# Objects whose fields a public header shows, and why.
SHOWN_OBJECTS = {
    "QuiltDaemon": "quiltd's rooms, which main.c and manager.c connect; it has no state of its own",
    "QuiltPrograms": "two values that never change; its users have a const view",
}


def check_objects():
    """Objects are opaque: if a public header of quiltd or of the store has functions that make and free a type, it does
    not show the type's fields. Values, which are cleared or which any file may fill in, may show theirs."""
    seen = set()
    for path in tracked("src/daemon/*.h", "src/store/*.h"):
        code = without_comments(path.read_text())
        for tag, alias in re.findall(r"^(?:typedef )?struct\s*(\w*)\s*\{.*?^\}\s*(\w*);", code, re.M | re.S):
            name = alias or tag.lstrip("_")
            makes = re.search(rf"\b{name} \*\s*quilt_\w+_(new|open|ref) \(", code)
            frees = re.search(rf"\bquilt_\w+_(free|unref) \({name} \*", code)
            if not makes or not frees or path.name.endswith("-private.h"):
                continue
            seen.add(name)
            if name not in SHOWN_OBJECTS:
                yield f"{where(path)}: shows the fields of the object {name}"
    for name in sorted(SHOWN_OBJECTS.keys() - seen):
        yield f"tests/style/style.py: SHOWN_OBJECTS lists {name}, which needs no exception"


# Two programs each have a connection or a state of this name.
SHARED_NAMES = {"QuiltControl", "quilt_control_init", "quilt_control_clear"}


def check_identifiers():
    """A name of the whole tree means one thing: a type, constant or function has one definition. A build may choose
    between FILE.c and FILE-none.c."""
    places = {}
    for path in c_files():
        code = without_comments(path.read_text())
        if path.suffix == ".h":
            names = re.findall(r"^\} (Quilt\w+);|^typedef [^;{]*?\b(Quilt\w+);|^#define (QUILT_\w+)", code, re.M)
            names += [(name,) for body in re.findall(r"^typedef enum \{(.*?)^\}", code, re.M | re.S)
                      for name in re.findall(r"^ +(QUILT_\w+)", body, re.M)]
        else:
            names = re.findall(r"^(?!static\b)[^\n]*\n(quilt_\w+) \(", code, re.M)
            names = [(name,) for name in names]
        for name in {next(filter(None, found)) for found in names}:
            places.setdefault(name, set()).add(re.sub(r"-none\.c$", ".c", where(path)))
    for name, paths in sorted(places.items()):
        if len(paths) > 1 and name not in SHARED_NAMES:
            yield f"{name} is defined in {' and '.join(sorted(paths))}"


def functions(path):
    """(first line, last line, lines) of each function: by house style its braces stand alone in column 0."""
    lines, start = path.read_text().split("\n"), None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number, lines[start:number - 1]
            start = None


def check_room_sizes():
    """A large room stands in docs/architecture.md with its size, which is nearly right, beside its reason."""
    text = (SOURCE / "docs/architecture.md").read_text()
    named = {room: int(size.replace(",", "")) for room, size in re.findall(r"`([\w/]+)/` \(([\d,]+)\)", text)}
    sizes = dict.fromkeys(room_rules(), 0)
    for path in c_files():
        room = room_of(str(path.relative_to(SOURCE / "src")), sizes)
        if room:
            sizes[room] += path.read_text().count("\n")
    for room, size in sizes.items():
        if size > ROOM_LINES and not 0.95 * size <= named.get(room, 0) <= 1.05 * size:
            yield f"src/{room}: {size} lines, above {ROOM_LINES}: docs/architecture.md has to say so, and why"
    yield from (f"docs/architecture.md: {room}/ is not above {ROOM_LINES} lines any more" for room in named if sizes.get(room, 0) <= ROOM_LINES)


def check_sizes():
    """Budgets, and an allow-list that may only shrink."""
    yield from check_room_sizes()
    allowed = {line.split()[0]: line for line in (SOURCE / "tests/style/allowed-sizes.txt").read_text().split("\n")
               if line and not line.startswith("#")}
    used = set()
    for path in c_files():
        over = []
        count = path.read_text().count("\n")
        if count > FILE_LINES:
            over.append(f"{where(path)}: {count} lines, at most {FILE_LINES}")
        for first, last, body in functions(path):
            if last - first - 1 > FUNCTION_LINES:
                over.append(f"{where(path, first)}: a function of {last - first - 1} lines, at most {FUNCTION_LINES}")
            for offset, line in enumerate(body):
                deep = re.match(r"( +)(if|for|while|switch|do)\b", line)
                if deep and len(deep[1]) // 2 > NESTING:
                    over.append(f"{where(path, first + 1 + offset)}: nested deeper than {NESTING}")
        name = where(path)
        if over and name in allowed:
            used.add(name)
        else:
            yield from over
    for name in set(allowed) - used:
        yield f"tests/style/allowed-sizes.txt: {name} is within its budget now; take the line out"


BANNED = [
    (r"\bgoto\b", "goto: let g_auto* clean up"),
    (r"\b(system|popen)\s*\(", "a shell from C"),
    (r"\b(strtol|strtoul|strtoll|strtoull|atoi|atol)\s*\(", "unchecked numbers: g_ascii_string_to_*"),
    (r"\b(sprintf|strcpy|strcat|gets|g_sprintf)\s*\(", "an unbounded buffer"),
    (r"\b(sleep|usleep|g_usleep)\s*\(", "waiting by the clock: wait for the event"),
    (r"\bcall_sync\s*\(", "a synchronous D-Bus call"),
]


def check_words():
    for path in c_files():
        name = where(path)
        code = without_comments(path.read_text())
        for number, line in enumerate(code.split("\n"), 1):
            for pattern, why in BANNED:
                if "call_sync" in pattern and not name.startswith("src/daemon"):
                    continue
                if re.search(pattern, line):
                    yield f"{where(path, number)}: {why}"
            state = re.match(r"static (?!const\b|inline\b|_Noreturn\b|void\b)[\w ]+[ *]+(\w+)(\[[^]]*\])*( =.*)?;?$", line)
            if state and "(" not in line.split("=")[0] and " const " not in line and (";" in line or "=" in line) \
                    and not name.startswith("src/ctl/"):
                yield f"{where(path, number)}: mutable file-level static '{state[1]}'"
    for path in tracked("tests/*.py", "tests/*.cc", "tests/*.c"):
        if path.name == "style.py":
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if re.search(r"\b(time\.sleep|usleep|g_usleep|sleep)\s*\(", line):
                yield f"{where(path, number)}: a test that sleeps: wait for the event"


def check_lists():
    """A list of files or of tests in a meson.build has one of them a line, so that two changes to it do not conflict."""
    for path in tracked("*/meson.build", "meson.build"):
        for number, line in enumerate(path.read_text().split("\n"), 1):
            if re.search(r"'[^' ]+\.(c|cc)', *'[^' ]+\.(c|cc)'", line):
                yield f"{where(path, number)}: more than one file on a line"
            elif where(path).startswith("tests/unit/") and re.match(r" *foreach \w+ : \[.*,", line):
                yield f"{where(path, number)}: more than one name on a line"


PROSE_COLUMNS = 100
PROSE = ["docs/*.md", "README.md", "CONTRIBUTING.md", "docs/man/*.rst", "dbus/org.quilt.xml", "src/spec/options/options.toml"]

# Comments that "Plain English" in docs/style.md always wants in other words.
RIDDLES = [
    (r"(?:^|[.:;] )(?:Who|Whoever|Whose|Whom|What|Whatever)\b",
     "begins with a pronoun: name the process, file or value instead"),
    (r"\b[Ww]hoever\b|\b(?:for|of|to|by|from|with) who\b", "'who' without a noun: name the process or the user"),
    (r"(?<!there )\b(?:is|are) none\b(?! of)", "'is none': say 'invalid', 'not a …' or 'there is none'"),
    (r"\b(?:no|some|any)body's\b|\bas good as none\b", "a riddle about owners: name the owner, or say 'counts as absent'"),
    (r"^(?:One|Those|That) (?:that|which|who|of|for|in|with)\b", "begins with a pronoun: begin with the noun or a verb"),
]

# In all prose, comments and error texts.
NO_NOUN = re.compile(r"(\b[Tt]here\s+(?:\*\s+)?)?\b(?:is|are|was|were)\s+(?:\*\s+)?no\s+(?!longer\b|more\b)\w+")


def comments(text):
    """(line, text) of each comment of C or C++: a comment of several lines is one text."""
    for match in re.finditer(r'/\*(.*?)\*/|//([^\n]*)|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', text, re.S):
        if match[0][0] == "/":
            yield text.count("\n", 0, match.start()) + 1, " ".join(re.sub(r"\n\s*\*? ?", " ", match[1] or match[2] or "").split())


def prose_lines(path):
    """(number, line) of the lines that can be wrapped: not tables and headings of Markdown, not examples."""
    is_example, literal = False, None
    for number, line in enumerate(path.read_text().split("\n"), 1):
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        if path.suffix == ".md" and line.lstrip().startswith("```"):
            is_example = not is_example
        elif not is_example and literal is None and not (path.suffix == ".md" and line.startswith(("|", "#"))):
            yield number, line
        if path.suffix == ".rst" and literal is None and line.endswith("::"):
            literal = indent


def check_prose():
    """Prose is wrapped. Tables, headings, examples and words that can't be broken may be longer. Prose and comments are plain."""
    for path in tracked(*PROSE):
        for number, line in prose_lines(path):
            if len(line) > PROSE_COLUMNS and " " in line.strip():
                yield f"{where(path, number)}: {len(line)} columns, at most {PROSE_COLUMNS}"
    for path in tracked(*PROSE, "src/*.c", "src/*.h", "tests/*.c", "tests/*.h", "tests/*.cc"):
        text = path.read_text()
        yield from (f"{where(path, text.count(chr(10), 0, found.start()) + 1)}: '{' '.join(found[0].split())}': say 'is not a …'"
                    for found in NO_NOUN.finditer(text) if not found[1] and path.name != "style.md")
    for path in c_files() + tracked("tests/*.c", "tests/*.h", "tests/*.cc"):
        for number, comment in comments(path.read_text()):
            for pattern, why in RIDDLES:
                if re.search(pattern, comment):
                    yield f"{where(path, number)}: the comment '{comment[:50]}…' {why}; see docs/style.md, Plain English"


def check_catalog():
    """Every MESSAGE_ID that the programs log has an entry in the journal's catalog, and the other way round."""
    catalog = set(re.findall(r"^-- ([0-9a-f]{32})", (SOURCE / "data/quilt.catalog").read_text(), re.M))
    logged = set()
    for path in c_files():
        logged |= set(re.findall(r'"(?:MESSAGE_ID=)?([0-9a-f]{32})"', path.read_text()))
    yield from (f"src: MESSAGE_ID {name} has no entry in data/quilt.catalog" for name in sorted(logged - catalog))
    yield from (f"data/quilt.catalog: {name} is never logged" for name in sorted(catalog - logged))


def check_actions():
    """Every method's documentation names its polkit action or says that it is public; every action exists."""
    actions = {a.get("id") for a in xml.parse(SOURCE / "polkit/org.quilt.policy").iter("action")}
    text = (SOURCE / "dbus/org.quilt.xml").read_text()
    for name in sorted(set(re.findall(r"Action: (org\.quilt\.[\w-]+?)\.?\s", text)) - actions):
        yield f"dbus/org.quilt.xml: the action {name} is not in polkit/org.quilt.policy"
    documented = re.findall(r"<!--((?:(?!-->).)*)-->\s*<(?:method|signal|property|interface) name=\"(\w[\w.]*)\"", text, re.S)
    said = {name: comment for comment, name in documented}
    for interface in xml.fromstring(text.split("?>", 1)[-1].split("]>", 1)[-1] if "]>" in text else text).iter("interface"):
        for method in interface.iter("method"):
            comment = said.get(method.get("name"), "")
            if "Action: org.quilt." not in comment and "Public" not in comment:
                yield f"dbus/org.quilt.xml: {interface.get('name')}.{method.get('name')} names no action"


def check_names():
    """The project speaks of itself alone: no path of a developer's machine."""
    for path in tracked():
        if path.name in ("style.py", "LICENSE"):
            continue
        for number, line in enumerate(path.read_bytes().decode(errors="replace").split("\n"), 1):
            if re.search(r"(^|[^\w.-])/(work|home/\w+|root)/\w", line) and "/root/" not in line:
                yield f"{where(path, number)}: a path of somebody's machine"


# The programs that people and engines call: the build directory, and mistakes that a program must report in one line.
PROGRAMS = {
    "quiltctl": ("src/ctl", [["no-such-verb"], ["list", "--no-such-option"], ["remove"]]),
    "quilt-oci": ("src/oci", [["no-such-verb"], ["list", "--no-such-option"], ["start"], ["--no-such-option"], ["checkpoint", "--help"]]),
}


def call(program, *args):
    return subprocess.run([BUILD / PROGRAMS[program][0] / program, *args], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def verbs(program):
    """The verbs as the program's --help lists them: indented by two, a word, then its arguments and summary."""
    return re.findall(r"^  ([a-z][a-z-]+)(?=[ ,]|$)", call(program, "--help").stdout.split("Verbs:")[-1], re.M)


def check_help():
    """Help is on stdout, within 80 columns, for every verb; errors are on stderr, in one line, and exit non-zero."""
    for program, (_, mistakes) in PROGRAMS.items():
        if not verbs(program):
            yield f"{program} --help lists no verbs"
        for args in [["--help"]] + [[verb, "--help"] for verb in verbs(program)] + [["help", verb] for verb in verbs(program)]:
            run = call(program, *args)
            if run.returncode != 0 or run.stderr or not run.stdout:
                yield f"{program} {' '.join(args)}: exit {run.returncode}, or text on stderr, or none on stdout"
            yield from (f"{program} {' '.join(args)}: wider than 80 columns: {line}"
                        for line in run.stdout.split("\n") if len(line) > 80)
        for args in mistakes:
            run = call(program, *args)
            if run.returncode == 0 or run.stdout or run.stderr.count("\n") != 1:
                yield f"{program} {' '.join(args)}: not one line on stderr: {run.stderr!r}"


def check_libraries():
    """What is executed for each call or container loads neither GIO nor GObject: they would cost each of them 1 ms. A runtime
    does not load libsystemd later either."""
    for path in ["src/ctl/quiltctl", "src/oci/quilt-oci", "src/supervisor/quilt-supervisor"]:
        libraries = subprocess.run(["ldd", BUILD / path], stdout=subprocess.PIPE, text=True, check=True).stdout
        yield from (f"{path} loads {name}" for name in re.findall(r"\b(libg(?:io|object|module)\S*|libsystemd\S*)", libraries))
        if path != "src/ctl/quiltctl" and b"libsystemd.so" in (BUILD / path).read_bytes():
            yield f"{path} can load libsystemd"


# The man page and the completions; those of quiltctl are made at build time.
MANUALS = {
    "quiltctl": [BUILD / "docs/quiltctl.1.rst", BUILD / "completions/quiltctl", BUILD / "completions/_quiltctl"],
    "quilt-oci": [SOURCE / "docs/man/quilt-oci.1.rst", SOURCE / "completions/quilt-oci.bash", SOURCE / "completions/_quilt-oci"],
}


def check_manual():
    """The man page and both completions contain every verb and every option. No manual hyphenates: a word that is divided
    at the end of a line, such as an option or a path, can't be copied."""
    yield from (f"{where(path)}: no '.nh'" for path in tracked("docs/man/*.rst") if "\n.. raw:: manpage\n\n    .nh\n" not in path.read_text())
    for program in PROGRAMS:
        texts = {path.name: path.read_text() for path in MANUALS[program]}
        for verb in [None] + verbs(program):
            words = set(re.findall(r"(--[a-z][a-z-]+)", call(program, *([verb] if verb else []), "--help").stdout)) - {"--help"}
            for word in [verb or program] + sorted(words):
                whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
                yield from (f"{name}: '{word}' of {program} {verb or ''} is missing" for name, text in texts.items()
                            if not whole.search(text))


def main():
    complaints = list(globals()[f"check_{sys.argv[1]}"]())
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


sys.exit(main())
