"""A collector that nobody here wrote: rotel, of PyPI. It takes spans over OTLP and passes them on, over OTLP too."""

import importlib.util
import os
import re
import sysconfig
from pathlib import Path

from harness.processes import Process, free_port, wait_until

from .receiver import HttpCollector, Store


class Forwarder:
    """Spans come to it over `protocol`; what it makes of them goes to a collector of ours, and can be seen there."""

    def __init__(self, protocol: str, directory: Path):
        self.protocol, self.behind = protocol, HttpCollector()
        ports = {"grpc": free_port(), "http/protobuf": free_port()}
        self.port = ports[protocol]
        package = Path(importlib.util.find_spec("rotel").origin).parent
        # It is linked to this Python's library, which need not be where the linker looks.
        libraries = [sysconfig.get_config_var("LIBDIR"), os.environ.get("LD_LIBRARY_PATH")]
        self.process = Process(f"rotel-{self.port}", [
            "env", f"LD_LIBRARY_PATH={':'.join(filter(None, libraries))}", str(package / "rotel-agent"), "start",
            "--otlp-grpc-endpoint", f"127.0.0.1:{ports['grpc']}", "--otlp-http-endpoint", f"127.0.0.1:{ports['http/protobuf']}",
            "--exporter", "otlp", "--otlp-exporter-endpoint", self.behind.endpoint, "--otlp-exporter-protocol", "http",
            "--batch-timeout", "50ms", "--debug-log", "traces",
            "--pid-file", str(directory / "rotel.pid"), "--log-file", str(directory / "rotel.log"),
        ], directory)
        try:
            self.process.start().started("127.0.0.1", self.port)
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Store:
        return self.behind.store

    def counted(self) -> int:
        """How many spans have come to it, by its own account."""
        def told() -> list[str]:
            plain = re.sub(r"\x1b\[[\d;]*m", "", self.process.tail())
            return re.findall(r"\bspans=(\d+)", plain)
        wait_until("rotel says what came", told)
        return sum(int(spans) for spans in told())

    def stop(self) -> None:
        self.process.stop()
        self.behind.stop()
