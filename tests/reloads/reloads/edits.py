"""Random configurations: valid ones that differ in everything that may change at run time, and invalid ones with a known line."""

import random
from dataclasses import dataclass

VALUES = {
    "timeout": ["2s", "3s", "5s", "8s"], "attempts": [1, 2, 3], "attempt_timeout": ["1s", "1500ms", "2s"], "connect_timeout": ["200ms", "500ms", "1s"],
    "idle_timeout": ["1s", "4s", "30s"], "balance": ["p2c", "least_request", "round_robin", "random"], "weight": [1, 2, 5],
    "max_in_flight": [500, 2000, 5000], "interval": ["1s", "2s", "5s"],
}

# What is wrong, by the line that it puts in the place of `# here`, and a word that the report must contain.
WRONG = [
    ("conect_timeout = \"1s\"", "conect_timeout"), ("idle_timeout = \"soon\"", "idle_timeout"), ("max_in_flight = -3", "max_in_flight"), ("balance = \"best\"", "balance"),
    ("adaptive_limit = \"yes\"", "adaptive_limit"), ("health_check = { path = \"no-slash\" }", "path"), ("broken = = 1", "soe503.toml"),
]


@dataclass(frozen=True)
class Edit:
    """A file. `mark`: what the configuration in force must say of it, `close_after` of incidents in seconds; `wrong`: the line with the
    mistake, counted from 1, and a word of the report."""

    text: str
    mark: int
    wrong: tuple[int, str] | None = None


class Editor:
    """`head` is what cannot change without a restart; `urls` are the backends'."""

    def __init__(self, head: str, urls: list[str], seed: int):
        self.head, self.urls, self.seed, self.lot = head, urls, seed, random.Random(seed)
        self.mark = 30

    def begin_again(self) -> None:
        """What comes now is what came first, with another `mark`."""
        self.lot.seed(self.seed)

    def pick(self, name: str) -> object:
        value = self.lot.choice(VALUES[name])
        return f'"{value}"' if isinstance(value, str) else value

    def valid(self) -> Edit:
        lot = self.lot
        self.mark = 30 + (self.mark - 29) % 3000
        urls = lot.sample(self.urls, lot.randint(2, len(self.urls)))
        backends = ", ".join(f'{{ url = "{url}", weight = {self.pick("weight")} }}' for url in urls)
        routes = [f'[[routes]]\nmatch = {{ path_prefix = "/extra-{number}" }}\npool = "app"\n' for number in range(lot.randint(0, 3))]
        check = f'health_check = {{ path = "/healthz", interval = {self.pick("interval")} }}\n' if lot.random() < 0.5 else ""
        name = f"other-{lot.randint(1, 3)}" if lot.random() < 0.5 else None
        other = f'[pools.{name}]\nbackends = ["{urls[0]}"]\n' if name else ""
        routes += [f'[[routes]]\nmatch = {{ path_prefix = "/{name}" }}\npool = "{name}"\n'] if name else []
        breaker = f"circuit_breaker = {{ consecutive_failures = {lot.randint(3, 9)} }}\n" if lot.random() < 0.5 else ""
        return Edit(
            f"{self.head.format(mark=self.mark)}{''.join(routes)}"
            f'[[routes]]\npool = "app"\ntimeout = {self.pick("timeout")}\nretry = {{ attempts = {self.pick("attempts")}, attempt_timeout = {self.pick("attempt_timeout")} }}\n'
            f"[pools.app]\nbackends = [{backends}]\nconnect_timeout = {self.pick('connect_timeout')}\n# here\n"
            f"idle_timeout = {self.pick('idle_timeout')}\nbalance = {self.pick('balance')}\nmax_in_flight = {self.pick('max_in_flight')}\n{breaker}{check}{other}",
            self.mark,
        )

    def invalid(self) -> Edit:
        kept, (line, word) = self.mark, self.lot.choice(WRONG)
        text = self.valid().text
        self.mark = kept
        # The key must not be there twice: that would be another mistake.
        name = line.partition(" ")[0]
        lines = [one for one in text.splitlines() if not one.startswith(f"{name} ")]
        at = lines.index("# here")
        lines[at] = line
        return Edit("\n".join(lines) + "\n", kept, (at + 1, word))
