"""nginx as the proxy: how the table fares with somebody else's parser."""

from pathlib import Path

from harness.processes import Process, free_port

NGINX = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    upstream app {{ server {host}:{backend}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{h2_port} http2;
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
        }}
    }}
}}
"""


class NginxProxy:
    def __init__(self, directory: Path, backend: object):
        self.port, self.h2_port = free_port(), free_port()
        home = directory / "proxy"
        home.mkdir()
        home.chmod(0o777)
        config = home / "nginx.conf"
        config.write_text(NGINX.format(directory=home, port=self.port, h2_port=self.h2_port, host=backend.host, backend=backend.port))
        self.process = Process("nginx-proxy", ["nginx", "-p", str(home), "-e", str(home / "error.log"), "-c", str(config)], directory)

    def start(self) -> None:
        self.process.start().started("127.0.0.1", self.port)

    def stop(self) -> None:
        self.process.stop()
