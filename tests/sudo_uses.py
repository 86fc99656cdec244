"""Finds where the addons' code goes past the rights of whoever calls it."""

import ast
from collections import Counter

from dev_tool.places import ROOT, addons

ADDONS = tuple(addon.name for addon in addons())
# Keywords that open what they are given for, when they are True.
OPENING_KEYWORDS = {"bypass_search_access", "compute_sudo", "related_sudo", "su"}
# Portal's check of a document, which returns it as sudo.
CHECKS = {"_document_check_access"}


def find_uses():
    """Return how often each function or field goes past the caller's rights.

    :return: dict of counts by path and qualified name
    """
    uses = Counter()
    for addon in ADDONS:
        for path in sorted((ROOT / addon).rglob("*.py")):
            if "tests" not in path.relative_to(ROOT).parts:
                name = str(path.relative_to(ROOT))
                finder = _Finder()
                finder.visit(ast.parse(path.read_text()))
                for place, count in finder.uses.items():
                    uses[name, place] += count
    return uses


class _Finder(ast.NodeVisitor):
    def __init__(self):
        self.uses = Counter()
        self._places = []

    def _visit_in_place(self, name, node):
        self._places.append(name)
        self.generic_visit(node)
        self._places.pop()

    def visit_ClassDef(self, node):
        self._visit_in_place(node.name, node)

    def visit_FunctionDef(self, node):
        self._visit_in_place(node.name, node)

    def visit_AsyncFunctionDef(self, node):
        self._visit_in_place(node.name, node)

    def visit_Assign(self, node):
        if _get_definition(node.value):
            self._visit_in_place(node.targets[0].id, node)
        else:
            self.generic_visit(node)

    def visit_Name(self, node):
        if node.id == "SUPERUSER_ID":
            self._count()

    def visit_Call(self, node):
        if self._is_switch(node):
            self._count()
        self.generic_visit(node)

    def _is_switch(self, node):
        name = _get_name(node.func)
        keywords = {
            keyword.arg: not _is_constant(keyword.value, False)
            for keyword in node.keywords
        }
        if name == "sudo":
            return not (node.args and _is_constant(node.args[0], False))
        if name == "with_user" or name in CHECKS or name.endswith("_sudo"):
            return True
        if name in ("env", "Environment") and keywords.get("user"):
            return True
        # Odoo reads related fields as sudo unless it is told not to.
        is_related = _get_definition(node) and "related" in keywords
        reads_as_sudo = is_related and keywords.get("related_sudo", True)
        return reads_as_sudo or any(map(keywords.get, OPENING_KEYWORDS))

    def _count(self):
        self.uses[".".join(self._places)] += 1


def _get_name(function):
    """Return the last part of what is called."""
    return getattr(function, "attr", None) or getattr(function, "id", "")


def _get_definition(node):
    """Return the kind of field that is defined, if one is."""
    function = getattr(node, "func", None)
    owner = getattr(function, "value", None)
    return getattr(owner, "id", None) == "fields" and function.attr


def _is_constant(node, value):
    return isinstance(node, ast.Constant) and node.value is value
