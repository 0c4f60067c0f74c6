"""All mutants in one program: each is a branch that is taken when its number is the one in force.

cargo-mutants compiles the crate again for each of its changes, which is nearly all of the time that they take. Here it only lists them; this
module writes the sources once, with every change in them: `a + b` becomes `(if on(7) { a - b } else { a + b })`, a function begins with
`if on(8) { return None; }`, an arm of a match gets `if !on(9)`.

What cannot be a branch is left to cargo-mutants: the initialisers of constants, which are worked out when the crate is compiled, functions that
return `impl Trait`, and `&&` beside `let`.
"""

from pathlib import Path

import tree_sitter
import tree_sitter_rust

RUST = tree_sitter.Language(tree_sitter_rust.language())
SUPPORT = Path(__file__).with_name("mutant.rs")
# What a macro is given is no Rust yet.
TOKENS = ("macro_invocation", "macro_definition", "token_tree")


def write(sources: Path, tree: Path, mutants: list[dict], dropped: set[int]) -> set[int]:
    """Writes the files of `tree` with the mutants of those in `sources`; the numbers of those that found their place."""
    # Those too of which none is left: what was there before has to go.
    files: dict[str, list[tuple[int, dict]]] = {mutant["file"]: [] for mutant in mutants}
    for number, mutant in enumerate(mutants):
        if number not in dropped:
            files[mutant["file"]].append((number, mutant))
    placed: set[int] = set()
    for file, of_file in files.items():
        rewriter = Rewriter((sources / file).read_bytes(), of_file)
        put(tree / file, rewriter.text())
        placed |= rewriter.placed
    package = Path(mutants[0]["file"]).parts[0]
    library = Path(package) / "src/lib.rs"
    head = "#![feature(core_intrinsics, const_eval_select)]\n#![allow(warnings, internal_features)]\npub mod mutant;\n\n"
    documentation, code = split_head((sources / library).read_text())
    put(tree / library, documentation + head + code)
    put(tree / package / "src/mutant.rs", SUPPORT.read_text().replace("COUNT", str(len(mutants))))
    return placed


def split_head(text: str) -> tuple[str, str]:
    """The crate's documentation, and what follows."""
    lines = text.splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if not line.startswith("//!"))
    return "".join(lines[:first]), "".join(lines[first:])


def put(file: Path, text: str) -> None:
    """Unchanged files keep their time, so that nothing is compiled for them."""
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


class Rewriter:
    def __init__(self, source: bytes, mutants: list[tuple[int, dict]]):
        self.source = source
        self.lines = source.split(b"\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.places: dict[tuple[str, int, int], list[tuple[int, dict]]] = {}
        for number, mutant in mutants:
            span = mutant["span"]
            key = (mutant["genre"], self.offset(span["start"]), self.offset(span["end"]))
            self.places.setdefault(key, []).append((number, mutant))
        self.bodies = {start: (genre, start, end) for genre, start, end in self.places if genre == "FnValue"}
        self.placed: set[int] = set()

    def offset(self, position: dict) -> int:
        """Columns are counted in characters."""
        line = self.lines[position["line"] - 1].decode()
        return self.starts[position["line"] - 1] + len(line[: position["column"] - 1].encode())

    def text(self) -> str:
        return self.emit(tree_sitter.Parser(RUST).parse(self.source).root_node)

    def take(self, genre: str, start: int, end: int) -> list[tuple[int, dict]]:
        taken = self.places.get((genre, start, end), [])
        self.placed.update(number for number, _ in taken)
        return taken

    def cut(self, start: int, end: int) -> str:
        return self.source[start:end].decode()

    def original(self, node) -> str:
        return self.cut(node.start_byte, node.end_byte)

    def plain(self, node) -> str:
        """The node as it is, with whatever is mutated inside."""
        return self.between(node.start_byte, node.children, node.end_byte)

    def between(self, start: int, children, end: int) -> str:
        parts = []
        for child in children:
            parts += [self.cut(start, child.start_byte), self.emit(child)]
            start = child.end_byte
        return "".join([*parts, self.cut(start, end)])

    def emit(self, node) -> str:
        match node.type:
            case kind if kind in TOKENS:
                return self.original(node)
            case "binary_expression" | "compound_assignment_expr":
                return self.binary(node)
            case "unary_expression" | "negative_literal":
                return self.unary(node)
            case "match_arm":
                return self.arm(node)
            case "field_initializer" | "shorthand_field_initializer":
                return self.field(node)
            case "block" if node.parent is not None and node.parent.type == "function_item":
                return self.body(node)
            case _:
                return self.plain(node)

    def binary(self, node) -> str:
        operator, left, right = (node.child_by_field_name(name) for name in ("operator", "left", "right"))
        taken = self.take("BinaryOperator", operator.start_byte, operator.end_byte)
        # Only one is in force, so the operands of the others need no mutants.
        sides = self.original(left), self.original(right)
        others = [f"if {on(number)} {{ {sides[0]} {mutant['replacement']} {sides[1]} }} else " for number, mutant in taken]
        text = self.plain(node)
        return f"({''.join(others)}{{ {text} }})" if others else text

    def unary(self, node) -> str:
        operator = node.children[0]
        text = self.plain(node)
        for number, _ in self.take("UnaryOperator", operator.start_byte, operator.end_byte):
            text = f"(if {on(number)} {{ {self.cut(operator.end_byte, node.end_byte)} }} else {{ {text} }})"
        return text

    def arm(self, node) -> str:
        comma = self.source[node.end_byte - 1 : node.end_byte] == b","
        gone = self.take("MatchArm", node.start_byte, node.end_byte) or self.take("MatchArm", node.start_byte, node.end_byte - comma)
        pattern = node.child_by_field_name("pattern")
        condition = pattern.child_by_field_name("condition")
        guards = self.take("MatchArmGuard", condition.start_byte, condition.end_byte) if condition else []
        if not gone and not guards:
            return self.plain(node)
        absent = " && ".join(f"!{on(number)}" for number, _ in gone)
        if condition is None:
            head = f"{self.cut(node.start_byte, pattern.end_byte)} if {absent}"
        else:
            guard = self.emit(condition)
            others = [f"if {on(number)} {{ {mutant['replacement']} }} else " for number, mutant in guards]
            if others:
                guard = f"({''.join(others)}{{ {guard} }})"
            elif "let " not in guard:
                guard = f"({guard})"
            head = self.cut(node.start_byte, condition.start_byte) + (f"{absent} && {guard}" if gone else guard)
        rest = [child for child in node.children if child.start_byte >= pattern.end_byte]
        return head + self.between(pattern.end_byte, rest, node.end_byte)

    def field(self, node) -> str:
        taken = self.take("StructField", node.start_byte, node.end_byte) or self.take("StructField", node.start_byte, node.end_byte + 1)
        base = next((child for child in node.parent.children if child.type == "base_field_initializer"), None)
        if not taken or base is None:
            return self.plain(node)
        number, _ = taken[0]
        instead = self.cut(base.children[1].start_byte, base.end_byte)
        if node.type == "shorthand_field_initializer":
            name = value = self.original(node)
        else:
            name = self.original(node.child_by_field_name("field") or node.children[0])
            value = self.emit(node.child_by_field_name("value"))
        return f"{name}: if {on(number)} {{ ({instead}).{name} }} else {{ {value} }}"

    def body(self, node) -> str:
        text = self.plain(node)
        statements = (child for child in node.children if child.type not in ("{", "}", "line_comment", "block_comment"))
        first = next(statements, None)
        key = self.bodies.get(first.start_byte) if first else None
        if key is None:
            return text
        returns = [f"if {on(number)} {{ return {mutant['replacement']}; }} " for number, mutant in self.take(*key)]
        return f"{{ {''.join(returns)}{text[1:]}"


def on(number: int) -> str:
    return f"crate::mutant::on({number})"
