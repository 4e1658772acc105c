#!/usr/bin/env python3
"""Clients that post to the service until a file appears, each request after the answer to the last.

load.py URL SECRET_KEY STOP_FILE --once|--repeat

Prints how many requests were answered with 200. With --repeat, a request has an Idempotency-Key and
is sent again until it is; with --once, any other answer is an error.
"""

import collections
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

CLIENTS = 8
URL = urllib.parse.urlsplit(sys.argv[1])
SECRET_KEY, STOP_FILE = sys.argv[2:4]
REPEAT = sys.argv[4] == "--repeat"

answers = collections.Counter()
longest = 0.0
lock = threading.Lock()


def connection():
    if URL.scheme == "https":
        return http.client.HTTPSConnection(URL.netloc, timeout=60, context=ssl._create_unverified_context())
    return http.client.HTTPConnection(URL.netloc, timeout=60)


def send(link, body, key):
    """The status of the answer, or the name of what went wrong."""
    headers = {"Content-Type": "application/json"}
    if REPEAT:
        headers["Idempotency-Key"] = key
    try:
        link.request("POST", URL.path, body, headers)
        response = link.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException) as e:
        link.close()
        return type(e).__name__


def client(name):
    global longest
    link = connection()
    number = 0
    while not os.path.exists(STOP_FILE):
        number += 1
        user = f"{name}-{number}"
        body = json.dumps(
            {
                "secret_key": SECRET_KEY,
                "events": [{"_t": "events", "user_id": user, "event_type": str(i)} for i in range(3)],
            }
        )
        began = time.monotonic()
        answer = send(link, body, user)
        while REPEAT and answer != 200:
            with lock:
                answers[answer] += 1
            time.sleep(0.1)
            answer = send(link, body, user)
        with lock:
            answers[answer] += 1
            longest = max(longest, time.monotonic() - began)


prefix = os.getpid()
threads = [threading.Thread(target=client, args=(f"{prefix}-{i}",)) for i in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
others = {str(answer): count for answer, count in answers.items() if answer != 200}
print(f"{answers[200]} requests got 200, the slowest after {longest:.1f} s; other answers: {others}", file=sys.stderr)
if others and not REPEAT:
    sys.exit("a request got another answer than 200")
print(answers[200])
