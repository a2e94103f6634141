"""A worker that does the jobs of its partition, and finishes the one in hand before it stops."""

import itertools
import os
import signal
import socket
import sys
import time

INDEX = int(os.environ.get("SUPERVISOR_WORKER_INDEX", "0"))
COUNT = int(os.environ.get("SUPERVISOR_WORKER_COUNT", "1"))

stopping = False


def stop(_signal, _frame):
    """Python's own answer to SIGTERM is to die at once: no `finally`, no `atexit`, a job half done."""
    global stopping
    stopping = True


def say(text):
    """Writes a line at once and whole. An unbuffered print() writes its end apart, and other workers come between."""
    sys.stdout.write(f"worker {INDEX} of {COUNT}: {text}\n")


def notify(message):
    """Tells the supervisor, in systemd's protocol. Where nobody listens it does nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        address = "\0" + address[1:] if address[0] == "@" else address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), address)


def work(job):
    """Stands in for yours."""
    time.sleep(1)
    say(f"job {job} done")


def main():
    signal.signal(signal.SIGTERM, stop)
    # connect to the broker and load the model here: the worker counts as ready from the next line on
    notify("READY=1\nSTATUS=looking for a job")
    say(f"ready, pid {os.getpid()}")
    # stands in for your queue: worker 1 of 3 takes the jobs 1, 4, 7, …
    for job in itertools.count(INDEX, COUNT):
        if stopping:
            break
        work(job)
        notify(f"WATCHDOG=1\nSTATUS=job {job} done")
    say("bye")


main()
