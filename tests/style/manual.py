# SPDX-License-Identifier: LGPL-2.1-or-later
"""manual.py XML PAGE: whether the D-Bus manual has every interface, member and argument of the XML, with all that its
comments say. It reads both anew, and shares nothing with the program that makes the page."""
import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def words(text):
    """Without what lines, markup and hyphens at the end of a line add."""
    return re.sub(r"\s+", " ", text).strip()


def read_page(path):
    """The man page as it is read: troff's requests and escapes taken away."""
    lines = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if re.match(r"[.'](SH|SS|B|TP)\b", line):
            line = re.sub(r"^\S+ ?", "", line).strip('"')
        elif re.match(r"[.']", line):
            continue
        line = re.sub(r"\\f(\[\w*\]|\w)|\\&|\\/|\\,", "", line)
        lines.append(line.replace("\\-", "-").replace("\\(dq", '"').replace("\\(aq", "'").replace("\\(ga", "`").replace("\\(ti", "~").replace(
            "\\(ha", "^").replace("\\e", "\\").replace("\\.", "."))
    return words(" ".join(lines))


def sentences(comment):
    """Each paragraph and each argument's text of a comment."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*@)", comment):
        text = words(re.sub(r"^\s*@\w+:", "", paragraph.strip()))
        if text:
            yield text


def documented(element):
    comment = None
    for child in element:
        if child.tag is xml.Comment:
            comment = child.text
        else:
            yield child, comment
            comment = None


def check_comment(page, name, comment):
    if comment is None:
        yield f"{name} has no comment"
        return
    text = re.sub(rf"\A\s*{re.escape(name)}:", "", comment).replace("@short_description: ", "")
    for sentence in sentences(text):
        if sentence not in page:
            yield f"{name}: the manual lacks '{sentence[:100]}'"


def check(xml_path, page_path):
    page = read_page(page_path)
    root = xml.parse(xml_path, xml.XMLParser(target=xml.TreeBuilder(insert_comments=True))).getroot()
    for interface, comment in documented(root):
        if interface.tag != "interface":
            continue
        yield from check_comment(page, interface.get("name"), comment)
        for member, text in documented(interface):
            name = member.get("name")
            yield from check_comment(page, name, text)
            arguments = [f"{arg.get('name')} {arg.get('type')}" for arg in member.findall("arg")]
            for argument in arguments or [name]:
                if argument not in page:
                    yield f"{name}: the manual lacks '{argument}'"
            if member.tag == "method" and text and set(re.findall(r"@(\w+):", text)) - {a.split()[0] for a in arguments}:
                yield f"{name}: a comment is of an argument that it does not have"


def main():
    mistakes = list(check(*sys.argv[1:]))
    print("\n".join(mistakes))
    sys.exit(bool(mistakes))


if __name__ == "__main__":
    main()
