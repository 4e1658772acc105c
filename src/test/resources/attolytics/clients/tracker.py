"""Tracks events and prints the number of each, until the standard input ends; then it flushes.

Arguments: URL, file for the queue, first number
"""

import itertools
import logging
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[5] / "clients" / "python"))
import attolytics

logging.getLogger("attolytics").addHandler(logging.NullHandler())  # the output has numbers only
url, path, first = sys.argv[1:]
stopped = threading.Event()


def stop_at_end_of_input():
    sys.stdin.read()
    stopped.set()


def on_drop(event, reason, detail):
    print("dropped", event["n"], reason, flush=True)


threading.Thread(target=stop_at_end_of_input, daemon=True).start()
client = attolytics.Client(url, "sesame", path=path, interval=0.1, on_drop=on_drop)
for n in itertools.count(int(first)):
    client.track({"_t": "events", "client": "python", "n": n})
    print(n, flush=True)
    if stopped.wait(0.005):
        break
client.flush()
