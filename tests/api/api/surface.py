"""The public API of a crate: a line for each thing that somebody may use."""

from collections import defaultdict

from .types import Types


class Surface:
    """`lines`, sorted; `foreign`: the lines in which each other crate is named."""

    def __init__(self, crate: dict):
        self.index = crate["index"]
        self.lines: set[str] = set()
        self.foreign: dict[str, set[str]] = defaultdict(set)
        self.public: dict[int, str] = {}
        self.now: set[str] = set()
        self.types = Types(crate, self.public, lambda name: self.now.add(name))
        self.crates, self.paths = self.types.crates, crate["paths"]
        found: list[tuple[str, dict]] = []
        root = self.index[str(crate["root"])]
        self.walk(root, root["name"], found, ())
        # The shortest way to a thing is its name, wherever else it is.
        for path, item in sorted(found, key=lambda known: (known[0].count("::"), known[0])):
            self.public.setdefault(item["id"], path)
        for path, item in found:
            if self.public[item["id"]] == path:
                self.item(path, item)
            else:
                self.add(f"pub use {path} = {self.public[item['id']]}")

    def walk(self, module: dict, path: str, found: list, above: tuple) -> None:
        """Modules, and what is used in them from private ones."""
        for number in self.children(module):
            item = self.index.get(str(number))
            if item is None:
                continue
            if "use" not in item["inner"]:
                self.reach(item, f"{path}::{item['name']}", found, above)
                continue
            used = item["inner"]["use"]
            target = self.index.get(str(used["id"]))
            if target is None:
                self.add(f"pub use {path}::{'*' if used['is_glob'] else used['name']} = {self.elsewhere(used)}")
            elif used["is_glob"]:
                if target["id"] not in above:
                    self.walk(target, path, found, (*above, target["id"]))
            else:
                self.reach(target, f"{path}::{used['name']}", found, above)

    def elsewhere(self, used: dict) -> str:
        known = self.paths.get(str(used["id"]))
        if known is None:
            raise ValueError(f"nobody knows what {used['source']} is")
        if known["crate_id"] != 0:
            self.now.add(self.crates[known["crate_id"]])
        return "::".join(known["path"])

    def children(self, item: dict) -> list:
        kind = item["inner"]
        return kind["module"]["items"] if "module" in kind else kind["enum"]["variants"]

    def reach(self, item: dict, path: str, found: list, above: tuple) -> None:
        found.append((path, item))
        if "module" in item["inner"] and item["id"] not in above:
            self.walk(item, path, found, (*above, item["id"]))

    def add(self, line: str) -> None:
        self.lines.add(line)
        for crate in self.now:
            self.foreign[crate].add(line)
        self.now.clear()

    def item(self, path: str, item: dict) -> None:
        [(kind, inner)] = item["inner"].items()
        mark = "".join(f"#[{a}] " for a in item["attrs"] if a in ("non_exhaustive", "macro_export"))
        mark += "#[deprecated] " if item["deprecation"] else ""
        match kind:
            case "module":
                self.add(f"{mark}pub mod {path}")
            case "function":
                self.add(mark + self.function(path, inner))
            case "constant":
                self.add(f"{mark}pub const {path}: {self.types.type(inner['type'])}")
            case "static":
                self.add(f"{mark}pub static {path}: {self.types.type(inner['type'])}")
            case "type_alias":
                self.add(f"{mark}pub type {path}{self.of(inner)} = {self.types.type(inner['type'])}")
            case "struct" | "enum" | "union":
                self.add(f"{mark}pub {kind} {path}{self.of(inner)}{self.shape(inner)}")
                self.parts(path, inner)
                self.impls(path, inner["impls"])
            case "variant":
                self.variant(path, item, mark)
            case "trait":
                self.trait(path, inner, mark)
            case "macro":
                self.add(f"{mark}pub macro {path}!")
            case _:
                raise ValueError(f"what is {path}, a {kind}?")

    def of(self, inner: dict) -> str:
        return self.types.params(inner["generics"]) + self.types.where(inner["generics"])

    def function(self, path: str, inner: dict, pub: str = "pub ") -> str:
        generics = inner["generics"]
        header, params = self.types.header(inner["header"]), self.types.params(generics)
        return f"{pub}{header}fn {path}{params}{self.types.signature(inner['sig'])}{self.types.where(generics)}"

    @staticmethod
    def shape(inner: dict) -> str:
        """Whether it can be made, and taken apart, without its own functions."""
        match inner.get("kind"):
            case {"plain": {"has_stripped_fields": True}}:
                return " { .. }"
            case {"tuple": fields}:
                return f"({', '.join('_' for _ in fields)})"
            case "unit":
                return ";"
        return ""

    def parts(self, path: str, inner: dict) -> None:
        for number in inner.get("variants", []):
            variant = self.index[str(number)]
            self.item(f"{path}::{variant['name']}", variant)
        self.fields(path, inner.get("kind"))

    def fields(self, path: str, kind: dict | str | None) -> None:
        match kind:
            case {"plain": {"fields": fields}} | {"struct": {"fields": fields}} | {"tuple": fields}:
                for number in fields:
                    # `None` is a private one.
                    if number is not None:
                        field = self.index[str(number)]
                        self.add(f"pub {path}::{field['name']}: {self.types.type(field['inner']['struct_field'])}")

    def variant(self, path: str, item: dict, mark: str) -> None:
        inner = item["inner"]["variant"]
        self.add(f"{mark}pub {path}{self.shape(inner)}")
        self.fields(path, inner["kind"])

    def trait(self, path: str, inner: dict, mark: str) -> None:
        bounds = f": {self.types.bounds(inner['bounds'])}" if inner["bounds"] else ""
        self.add(f"{mark}pub trait {path}{self.types.params(inner['generics'])}{bounds}{self.types.where(inner['generics'])}")
        if inner["is_dyn_compatible"]:
            self.add(f"dyn {path}")
        for number in inner["items"]:
            item = self.index[str(number)]
            self.associated(path, item)

    def impls(self, path: str, numbers: list) -> None:
        """What is derived or written for a type; what holds for all that are alike is no promise of ours, and
        `tests/auto_traits.rs` looks at Send and Sync."""
        for number in numbers:
            block = self.index[str(number)]["inner"]["impl"]
            if block["is_synthetic"] or block["blanket_impl"]:
                continue
            # pin-project-lite's, by a type that is hidden: an auto trait as well.
            if block["trait"] and block["trait"]["path"].rsplit("::", 1)[-1] == "Unpin":
                continue
            params, where = self.types.params(block["generics"]), self.types.where(block["generics"])
            subject = self.types.type(block["for"])
            if block["trait"] is None:
                # The block says for which parameters there are these functions.
                self.now.clear()
                for item in (self.index[str(i)] for i in block["items"] if str(i) in self.index):
                    self.associated(path, item, f" [impl{params} {subject}{where}]")
                continue
            trait = self.types.path(block["trait"])
            negative = "!" if block["is_negative"] else ""
            self.add(f"impl{params} {negative}{trait} for {subject}{where}")
            for item in (self.index[str(i)] for i in block["items"]):
                if "assoc_type" in item["inner"]:
                    kind = self.types.type(item["inner"]["assoc_type"]["type"])
                    self.add(f"type <{subject} as {trait}>::{item['name']} = {kind}")

    def associated(self, path: str, item: dict, block: str = "") -> None:
        """A function, type or constant of a trait or of a block without one."""
        [(kind, inner)] = item["inner"].items()
        path = f"{path}::{item['name']}"
        # Without parameters it says nothing.
        block = block if "<" in block else ""
        deprecated = "#[deprecated] " if item["deprecation"] else ""
        match kind:
            case "function":
                required = "" if inner["has_body"] else ";"
                self.add(f"{deprecated}{self.function(path, inner)}{required}{block}")
            case "assoc_const":
                self.add(f"{deprecated}pub const {path}: {self.types.type(inner['type'])}{block}")
            case "assoc_type":
                bounds = f": {self.types.bounds(inner['bounds'])}" if inner["bounds"] else ""
                self.add(f"{deprecated}pub type {path}{bounds}{block}")
            case _:
                raise ValueError(f"what is {path}, a {kind}?")
