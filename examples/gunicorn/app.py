"""A WSGI application that says which worker has answered."""

import os


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"worker {os.environ['SUPERVISOR_WORKER_INDEX']}\n".encode()]
