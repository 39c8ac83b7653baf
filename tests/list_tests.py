"""Prints MODULE.CLASS for each class of *_test.py that has tests: what CMakeLists.txt makes tests of, one by one."""
import ast
import sys
from pathlib import Path

for file in sorted(Path(__file__).parent.glob("*_test.py")):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and any(
                isinstance(inner, ast.FunctionDef) and inner.name.startswith("test_") for inner in node.body):
            sys.stdout.write(f"{file.stem}.{node.name};")
