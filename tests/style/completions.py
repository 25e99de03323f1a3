# SPDX-License-Identifier: LGPL-2.1-or-later
"""completions.py bash|zsh SOURCE BUILD: types command lines into a real shell on a terminal, which has the completions of
SOURCE and BUILD, and compares what it offers. Every option and value of options.toml has to be offered."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import tomllib
import tty

# Prints lists as quiltctl does, so that the test needs no quiltd.
QUILTCTL = """#!/bin/sh
case "$1" in
  list) printf '%s\\n' 'web  busybox  running' 'worker  busybox  exited' ;;
  images) printf '%s\\n' 'busybox  sha256:0123  1M' '-  sha256:4567  1M' ;;
esac
"""
QUILT_OCI = """#!/bin/sh
printf '%s\\n' web worker
"""

# Both write ">" and the line, the offered words, and "=" and the line after completion.
BASH = r"""
PS1= PS2=
source "$COMPLETIONS/quiltctl"
source "$COMPLETIONS/quilt-oci"
answer () {
    printf '%s\n' ">$COMP_LINE"
    "_$1" "${@:2}"
    printf '%s\n' "${COMPREPLY[@]}"
}
_answer_quiltctl () { answer quiltctl "$@" >> "$SCRATCH/answers"; }
_answer_quilt_oci () { answer quilt_oci "$@" >> "$SCRATCH/answers"; }
complete -F _answer_quiltctl quiltctl
complete -F _answer_quilt_oci quilt-oci
bind -x '"\C-t": printf "=%s\n" "$READLINE_LINE" >> "$SCRATCH/answers"'
bind 'set completion-query-items -1' 'set page-completions off' 'set bell-style none'
"""
ZSH = r"""
PS1= PS2= RPS1=
setopt no_auto_menu no_beep
LISTMAX=10000
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -d $SCRATCH/dump
# Everything that a completion offers passes through here. With -O, -A or -D it only asks what would match.
compadd () {
    local -a offered
    if ! (( ${argv[(I)-[OAD]*]} )); then
        builtin compadd -O offered "$@"
        print -rl -- $offered >> $SCRATCH/offered
    fi
    builtin compadd "$@"
}
complete-lines () {
    local line
    while IFS= read -r line; do
        BUFFER=$line CURSOR=$#line
        : > $SCRATCH/offered
        zle complete-word
        { print -r -- ">$line"; cat $SCRATCH/offered; print -r -- "=$BUFFER" } >> $SCRATCH/answers
    done < $SCRATCH/lines
    exit
}
zle -N complete-lines
bindkey '^T' complete-lines
"""

# line: the offered words, in any order. If only one is offered, it is added to the line.
CASES = {
    "quiltctl sto": ["stop"],
    "quiltctl help sto": ["stop"],
    "quiltctl start w": ["web", "worker"],
    "quiltctl update web wo": ["worker"],
    "quiltctl logs we": ["web"],
    "quiltctl run bus": ["busybox"],
    "quiltctl run sha": ["sha256:4567"],
    "quiltctl run -v /a:/b bus": ["busybox"],
    "quiltctl run --volume=/a:/b bus": ["busybox"],
    "quiltctl run --name=x --rm bus": ["busybox"],
    "quiltctl run -e A=b --label c=d bus": ["busybox"],
    "quiltctl run --userns=ke": ["keep-id"],
    "quiltctl run --userns ke": ["keep-id"],
    "quiltctl run --network=": ["none", "host", "container:web", "container:worker"],
    "quiltctl run --network=con": ["container:web", "container:worker"],
    "quiltctl run --network=container:we": ["container:web"],
    "quiltctl run --pid container:we": ["container:web"],
    "quiltctl run --security-opt=no-new": ["no-new-privileges=true", "no-new-privileges=false"],
    "quiltctl run --security-opt=no-new-privileges=t": ["no-new-privileges=true"],
    "quiltctl run --security-opt lab": ["label=disable"],
    "quiltctl run --stop-signal=TER": ["TERM"],
    "quiltctl run --seccomp=unc": ["unconfined"],
    "quiltctl run --env-file=some-f": ["some-file"],
    "quiltctl run --seccomp=some-f": ["some-file"],
    "quiltctl kill --signal=TER": ["TERM"],
    "quiltctl list --json=sh": ["short"],
    "quiltctl show --property=MemoryM": ["MemoryMax"],
    "quiltctl show -p LimitsN": ["LimitsNotInForce"],
    "quiltctl remove --for": ["--force"],
    "quiltctl update --name": [],
    "quilt-oci cre": ["create"],
    "quilt-oci start we": ["web"],
    "quilt-oci update --pids": ["--pids-limit"],
}


def read_options(path):
    with open(path, "rb") as file:
        sections = tomllib.load(file)
    for key, columns in sections.items():
        for name, argument in columns.items():
            if name.startswith("--"):
                yield name, argument, bool(columns.get("live"))


def cases_of_options(options):
    """A case for each option of the table and one for its values, each with words that must be offered."""
    for name, argument, live in options:
        values = [word for word in argument.get("complete", []) if not word.isupper() and word != "container:"]
        for verb in "run", "create", "update":
            if verb != "update" or live:
                yield f"quiltctl {verb} {name}", [name]
        if values:
            yield f"quiltctl run {name}=", values


def write_files(scratch, source, build, lines):
    (scratch / "completions").mkdir()
    for name, path in {"quiltctl": build / "completions/quiltctl", "_quiltctl": build / "completions/_quiltctl",
                       "quilt-oci": source / "completions/quilt-oci.bash", "_quilt-oci": source / "completions/_quilt-oci"}.items():
        shutil.copy(path, scratch / "completions" / name)
    (scratch / "bin").mkdir()
    for name, text in {"quiltctl": QUILTCTL, "quilt-oci": QUILT_OCI}.items():
        (scratch / "bin" / name).write_text(text)
        (scratch / "bin" / name).chmod(0o755)
    (scratch / "rc").write_text(BASH)
    (scratch / ".zshrc").write_text(ZSH)
    (scratch / "lines").write_text("".join(line + "\n" for line in lines))
    (scratch / "some-file").touch()


def talk(terminal, keys):
    """Types as fast as the shell reads, until it has ended. Returns what it showed."""
    shown = b""
    while True:
        readable, writable, _ = select.select([terminal], [terminal] if keys else [], [])
        if writable:
            keys = keys[os.write(terminal, keys[:256]):]
        if readable:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # the terminal's other end is closed
                return shown


def type_lines(shell, scratch, lines):
    """Types the lines into the shell, and returns the shell's output."""
    environment = {"PATH": f"{scratch}/bin:{os.environ['PATH']}", "HOME": str(scratch), "ZDOTDIR": str(scratch), "TERM": "dumb",
                   "SCRATCH": str(scratch), "COMPLETIONS": f"{scratch}/completions", "LC_ALL": "C.UTF-8"}
    argv = {"bash": ["bash", "--noprofile", "--rcfile", str(scratch / "rc"), "-i"], "zsh": ["zsh", "-d", "-i"]}[shell]
    keys = {"bash": "".join(f"{line}\t\x14\x15" for line in lines) + "exit\n", "zsh": "\x14"}[shell]
    ours, theirs = pty.openpty()
    # Until the shell has set its line editor up, the terminal itself must not act on keys.
    tty.setraw(theirs)
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment, cwd=scratch):
        os.close(theirs)
        shown = talk(ours, keys.encode())
    answers = scratch / "answers"
    return answers.read_text() if answers.exists() else sys.exit(f"{shell} answers nothing: {shown.decode(errors='replace')}")


def read_answers(text, lines):
    """line: (what was offered, the line afterwards)."""
    answers = {}
    offered = []
    line = None
    for row in text.splitlines():
        if row.startswith(">"):
            line, offered = row[1:], []
        elif row.startswith("="):
            answers[line] = offered, row[1:].rstrip()
        elif row:
            offered.append(row)
    missing = [line for line in lines if line not in answers]
    return answers if not missing else sys.exit(f"no answer to: {missing}")


def shorten(shell, line, word):
    """The word without the part that the shell keeps: readline only replaces the text after the last = or ':'."""
    value = re.sub(r"^--[\w-]+=", "", line.split(" ")[-1])
    before = re.match(r".*[:=]|", value)[0] if shell == "bash" else ""
    return word.removeprefix(before)


def is_right(shell, line, expected, exact, answer):
    offered, after = answer
    words = {shorten(shell, line, word) for word in expected}
    if not exact:
        return words <= set(offered)
    if len(expected) == 1:
        typed = re.sub(r"^--[\w-]+=", "", line.split(" ")[-1])
        return after.removesuffix("=") == line.removesuffix(typed) + expected[0]
    return words == set(offered)


def main():
    shell, source, build = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    options = source / "src/spec/options/options.toml"
    cases = [(line, words, True) for line, words in CASES.items()]
    cases += [(line, words, False) for line, words in cases_of_options(read_options(options))]
    lines = [line for line, _, _ in cases]
    with tempfile.TemporaryDirectory() as name:
        write_files(pathlib.Path(name), source, build, lines)
        answers = read_answers(type_lines(shell, pathlib.Path(name), lines), lines)
    wrong = [f"{line}: wanted {words}, not {answers[line]}" for line, words, exact in cases
             if not is_right(shell, line, words, exact, answers[line])]
    print("\n".join(wrong))
    sys.exit(bool(wrong))


main()
