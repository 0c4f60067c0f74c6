"""nginx as the proxy: a case that fails with it too may be the harness' own fault."""

from pathlib import Path

from harness.certificates import Certificate
from harness.processes import Process, free_port

NGINX = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 100000;
    client_max_body_size 0;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    map $http_upgrade $upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{h2c_port} http2;
        {tls}
        location / {{
            {pass_to};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $upgrade;
            proxy_request_buffering off;
            proxy_buffering off;
        }}
    }}
}}
"""


class NginxProxy:
    def __init__(self, directory: Path, backend: object, grpc: bool, tls_port: int | None, certificate: Certificate | None):
        self.port, self.h2c_port = free_port(), free_port()
        home = directory / "nginx"
        home.mkdir()
        home.chmod(0o777)
        tls = f"listen 127.0.0.1:{tls_port} ssl http2; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {certificate.cert}; ssl_certificate_key {certificate.key};" if certificate else ""
        address = backend.url.removeprefix("http://")
        config = home / "nginx.conf"
        config.write_text(NGINX.format(
            directory=home, port=self.port, h2c_port=self.h2c_port, tls=tls,
            pass_to=f"grpc_pass grpc://{address}" if grpc else f"proxy_pass http://{address}",
        ))
        self.process = Process("nginx", ["nginx", "-p", str(home), "-e", str(home / "error.log"), "-c", str(config)], directory)

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)

    def stop(self) -> None:
        self.process.stop()
