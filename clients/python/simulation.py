"""A simulated clock and network, for a client without a thread."""

import email.message
import json
import logging
import threading
from unittest import mock

import attolytics

attolytics.log.addHandler(logging.NullHandler())

URL = "http://localhost/apps/a/events"


class Response:
    """What http.client returns."""

    def __init__(self, answer):
        self.status = answer["status"]
        self.headers = email.message.Message()
        if "retry_after" in answer:
            self.headers["Retry-After"] = answer["retry_after"]
        self._body = answer.get("body", "").encode()
        document = {"errors": [{"event": n, "code": code} for n, code in answer.get("errors", [])]}
        if "type" in answer:
            self.headers["Content-Type"] = "application/problem+json"
            document["type"] = "urn:attolytics:problem:" + answer["type"]
            self._body = json.dumps(document).encode()
        elif "quarantined" in answer:
            self.headers["Content-Type"] = "application/json"
            document.update(stored=0, quarantined=answer["quarantined"])
            self._body = json.dumps(document).encode()

    def read(self):
        return self._body


class World:
    """A clock that jumps from request to request, and a network that answers as in a case."""

    def __init__(self, case, chance):
        self.answers = list(case["requests"])
        self.chance = chance
        self.now = 0
        self.answered = 0
        self.keys = []
        self.requests = []

    def replace_real_one(self):
        return mock.patch.multiple(
            attolytics,
            random=mock.Mock(random=lambda: self.chance),
            time=mock.Mock(time=lambda: 1e9 + self.now, monotonic=lambda: self.now),
            http=mock.Mock(client=mock.Mock(HTTPConnection=self.connect)),
            threading=mock.Mock(RLock=threading.RLock),  # no thread
        )

    def run(self, client):
        """Does what the thread would do, until the queue is empty."""

        def sleep(timeout):
            if client._queue:
                self.now += timeout
            else:
                client._ended = True

        client._asleep.acquire = sleep
        client._run()

    def connect(self, host, port, timeout):
        self.timeout = timeout
        return self

    def request(self, method, path, body, headers):
        key = headers["Idempotency-Key"]
        if key not in self.keys:
            self.keys.append(key)
        self.requests.append(
            {
                "wait": round(self.now - self.answered, 3),
                "key": chr(ord("a") + self.keys.index(key)),
                "events": [event["n"] for event in json.loads(body)["events"]],
                "lenient": headers.get("Prefer") == "handling=lenient",
            }
        )

    def getresponse(self):
        answer = self.answers.pop(0) if self.answers else {"status": 200}
        self.now += answer.get("later", 0)
        self.answered = self.now
        if answer["status"] == 0:
            raise ConnectionResetError
        if answer["status"] is None:
            self.now += self.timeout
            raise TimeoutError
        return Response(answer)

    def close(self):
        pass
