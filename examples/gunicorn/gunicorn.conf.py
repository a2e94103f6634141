import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
reuse_port = True  # each worker has a socket of its own on this port
workers = 1  # and not what WEB_CONCURRENCY says
preload_app = True  # so that READY=1 is sent once the application is loaded
graceful_timeout = 15  # less than stop.gracePeriodSeconds
max_requests = 10000
max_requests_jitter = 1000
