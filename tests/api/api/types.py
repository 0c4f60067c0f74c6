"""Types, bounds and signatures as text. Whose types are named is noted on the way.

Everything that is not known here is an error: nothing may stand in a public API unseen.
"""

from collections.abc import Callable

# Everybody knows where these are.
SHORT = {
    "alloc::boxed::Box", "alloc::string::String", "alloc::vec::Vec", "core::clone::Clone", "core::cmp::Eq", "core::cmp::Ord",
    "core::cmp::PartialEq", "core::cmp::PartialOrd", "core::convert::AsRef", "core::convert::From", "core::convert::Into",
    "core::default::Default", "core::marker::Copy", "core::marker::Send", "core::marker::Sized", "core::marker::Sync",
    "core::marker::Unpin", "core::ops::drop::Drop", "core::ops::function::Fn", "core::ops::function::FnMut",
    "core::ops::function::FnOnce", "core::option::Option", "core::result::Result",
}  # fmt: skip


class Types:
    """`public`: where each item of the crate itself can be reached; `named(crate)` is called for each type and trait that is named."""

    def __init__(self, crate: dict, public: dict[int, str], named: Callable[[str], None]):
        self.paths = crate["paths"]
        self.crates = {int(number): known["name"] for number, known in crate["external_crates"].items()}
        self.public = public
        self.named = named

    def path(self, path: dict) -> str:
        return self.name(path) + self.args(path["args"])

    def name(self, path: dict) -> str:
        known = self.paths.get(str(path["id"]))
        if known is None:
            raise ValueError(f"nobody knows whose {path['path']} is")
        if known["crate_id"] == 0:
            # What cannot be reached is called by its name alone: private modules are nobody's business.
            return self.public.get(path["id"], known["path"][-1])
        self.named(self.crates[known["crate_id"]])
        full = "::".join(known["path"])
        return full.rsplit("::", 1)[-1] if full in SHORT else full

    def args(self, args: dict | None) -> str:
        match args:
            case None:
                return ""
            case {"angle_bracketed": {"args": values, "constraints": constraints}}:
                texts = [self.arg(value) for value in values] + [self.constraint(c) for c in constraints]
                return f"<{', '.join(texts)}>" if texts else ""
            case {"parenthesized": {"inputs": inputs, "output": output}}:
                returned = f" -> {self.type(output)}" if output else ""
                return f"({', '.join(map(self.type, inputs))}){returned}"
        raise ValueError(f"arguments that are not known: {args}")

    def arg(self, arg: dict | str) -> str:
        match arg:
            case {"lifetime": lifetime}:
                return lifetime
            case {"type": kind}:
                return self.type(kind)
            case {"const": constant}:
                return constant["expr"]
        raise ValueError(f"an argument that is not known: {arg}")

    def constraint(self, constraint: dict) -> str:
        name = constraint["name"] + self.args(constraint["args"])
        match constraint["binding"]:
            case {"equality": {"type": kind}}:
                return f"{name} = {self.type(kind)}"
            case {"constraint": bounds}:
                return f"{name}: {self.bounds(bounds)}"
        raise ValueError(f"a constraint that is not known: {constraint}")

    def type(self, kind: dict | str) -> str:
        match kind:
            case {"resolved_path": path}:
                return self.path(path)
            case {"generic": name} | {"primitive": name}:
                return "!" if name == "never" else name
            case {"tuple": kinds}:
                return f"({', '.join(map(self.type, kinds))}{',' if len(kinds) == 1 else ''})"
            case {"slice": inner}:
                return f"[{self.type(inner)}]"
            case {"array": {"type": inner, "len": length}}:
                return f"[{self.type(inner)}; {length}]"
            case {"borrowed_ref": {"lifetime": lifetime, "is_mutable": mutable, "type": inner}}:
                return f"&{lifetime + ' ' if lifetime else ''}{'mut ' if mutable else ''}{self.type(inner)}"
            case {"raw_pointer": {"is_mutable": mutable, "type": inner}}:
                return f"*{'mut' if mutable else 'const'} {self.type(inner)}"
            case {"impl_trait": bounds}:
                return f"impl {self.bounds(bounds)}"
            case {"dyn_trait": {"traits": traits, "lifetime": lifetime}}:
                # By name: rustdoc has them in no order of its own.
                texts = sorted(self.binder(t["generic_params"]) + self.path(t["trait"]) for t in traits)
                return f"dyn {' + '.join(texts + ([lifetime] if lifetime else []))}"
            case {"qualified_path": {"name": name, "args": args, "self_type": of, "trait": trait}}:
                args = self.args(args)
                if trait is None:
                    return f"{self.type(of)}::{name}{args}"
                if not trait["path"]:
                    return f"<{self.type(of)}>::{name}{args}"
                return f"<{self.type(of)} as {self.path(trait)}>::{name}{args}"
            case {"function_pointer": {"sig": sig, "generic_params": params, "header": header}}:
                return f"{self.binder(params)}{self.header(header)}fn{self.signature(sig)}"
            case "infer":
                return "_"
        raise ValueError(f"a type that is not known: {kind}")

    def binder(self, params: list) -> str:
        return f"for<{', '.join(param['name'] for param in params)}> " if params else ""

    def bounds(self, bounds: list) -> str:
        return " + ".join(map(self.bound, bounds))

    def bound(self, bound: dict) -> str:
        match bound:
            case {"trait_bound": {"trait": trait, "generic_params": params, "modifier": modifier}}:
                marks = {"none": "", "maybe": "?", "maybe_const": "~const "}
                return self.binder(params) + marks[modifier] + self.path(trait)
            case {"outlives": lifetime}:
                return lifetime
            case {"use": captured}:
                return f"use<{', '.join(next(iter(one.values())) for one in captured)}>"
        raise ValueError(f"a bound that is not known: {bound}")

    def params(self, generics: dict) -> str:
        shown = [self.param(p) for p in generics["params"] if not p["kind"].get("type", {}).get("is_synthetic")]
        return f"<{', '.join(shown)}>" if shown else ""

    def param(self, param: dict) -> str:
        name = param["name"]
        match param["kind"]:
            case {"lifetime": {"outlives": outlives}}:
                return f"{name}: {' + '.join(outlives)}" if outlives else name
            case {"type": {"bounds": bounds, "default": default}}:
                bounded = f"{name}: {self.bounds(bounds)}" if bounds else name
                return f"{bounded} = {self.type(default)}" if default else bounded
            case {"const": {"type": kind, "default": default}}:
                constant = f"const {name}: {self.type(kind)}"
                return f"{constant} = {default}" if default else constant
        raise ValueError(f"a parameter that is not known: {param}")

    def where(self, generics: dict) -> str:
        texts = [self.predicate(predicate) for predicate in generics["where_predicates"]]
        return f" where {', '.join(texts)}" if texts else ""

    def predicate(self, predicate: dict) -> str:
        match predicate:
            case {"bound_predicate": {"type": kind, "bounds": bounds, "generic_params": params}}:
                return f"{self.binder(params)}{self.type(kind)}: {self.bounds(bounds)}"
            case {"lifetime_predicate": {"lifetime": lifetime, "outlives": outlives}}:
                return f"{lifetime}: {' + '.join(outlives)}"
        raise ValueError(f"a condition that is not known: {predicate}")

    def signature(self, sig: dict) -> str:
        inputs = [f"{name}: {self.type(kind)}" if name else self.type(kind) for name, kind in sig["inputs"]]
        returned = f" -> {self.type(sig['output'])}" if sig["output"] else ""
        return f"({', '.join(inputs)}){returned}"

    @staticmethod
    def header(header: dict) -> str:
        words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
        if header["abi"] != "Rust":
            words.append(f"extern {header['abi']}")
        return "".join(f"{word} " for word in words)
