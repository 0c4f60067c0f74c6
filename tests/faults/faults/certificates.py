"""An authority, and what it signed: a good certificate, one that is over, one to come, one for another name."""

import ssl
import subprocess
from pathlib import Path

from harness.processes import HarnessError

CA = """
[ca]
default_ca = own
[own]
database = {home}/index.txt
serial = {home}/serial
new_certs_dir = {home}
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
KINDS = {
    "good": ("app.test", "20200101000000Z", "20990101000000Z"), "expired": ("app.test", "20200101000000Z", "20240101000000Z"),
    "to-come": ("app.test", "20980101000000Z", "20990101000000Z"), "other-name": ("other.test", "20200101000000Z", "20990101000000Z"),
}


class Certificates:
    """Contexts for servers, by kind; `ca` is what the proxies trust."""

    def __init__(self, home: Path):
        self.home = home
        home.mkdir()
        home.chmod(0o755)
        (home / "ca.cnf").write_text(CA.format(home=home))
        (home / "index.txt").touch()
        (home / "index.txt.attr").write_text("unique_subject = no\n")
        (home / "serial").write_text("01\n")
        self.ca = home / "ca.pem"
        self.openssl("req", "-x509", *NEW_KEY, "-days", "3650", "-subj", "/CN=harness authority", "-keyout", "ca.key", "-out", "ca.pem")
        for kind, (name, start, end) in KINDS.items():
            self.openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", f"{kind}.key", "-out", f"{kind}.csr")
            self.openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{kind}.csr", "-out", f"{kind}.pem", "-startdate", start, "-enddate", end, "-notext")
        self.openssl("req", "-x509", *NEW_KEY, "-days", "3650", "-subj", "/CN=app.test", "-addext", "subjectAltName=DNS:app.test", "-keyout", "self-signed.key", "-out", "self-signed.pem")
        for file in home.iterdir():
            file.chmod(0o644)

    def openssl(self, *words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=self.home, capture_output=True, text=True)
        if done.returncode != 0:
            raise HarnessError(f"openssl {words[0]}: {done.stderr.strip()[-300:]}")

    def context(self, kind: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.home / f"{kind}.pem", self.home / f"{kind}.key")
        return made


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
