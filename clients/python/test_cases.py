"""The cases that all clients share, ../cases.json, with a simulated clock and network."""

import json
import pathlib
import unittest

import attolytics
from simulation import URL, World

CASES = pathlib.Path(__file__).parent.parent / "cases.json"


def numbers(text):
    """Numbers of events: "0-99", "0 2", 1."""
    found = []
    for part in str(text).split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def events(sizes):
    """Events of these sizes in bytes, or that many small ones."""
    if isinstance(sizes, int):
        return [{"_t": "events", "n": n} for n in range(sizes)]
    made = [{"_t": "events", "n": n, "pad": ""} for n in range(len(sizes))]
    for event, size in zip(made, sizes):
        event["pad"] = "x" * (size - len(json.dumps(event, separators=(",", ":"))))
    return made


class CasesTest(unittest.TestCase):
    maxDiff = None

    def test_cases(self):
        for case in json.loads(CASES.read_text("utf-8"))["cases"]:
            for chance in (0, 1):
                with self.subTest(case["name"], chance=chance):
                    world = World(case, chance)
                    with world.replace_real_one():
                        self.run_case(case, world)

    def run_case(self, case, world):
        lenient = case.get("lenient", False)
        dropped = []
        client = attolytics.Client(
            URL,
            "sesame",
            max_bytes=case.get("max_bytes", 16_000_000),
            lenient=lenient,
            on_drop=lambda event, reason, detail: dropped.append((event["n"], reason)),
        )
        for event in events(case["events"]):
            client.track(event)
        world.run(client)
        expected = [
            {
                "wait": request["wait"][world.chance],
                "key": request["key"],
                "events": numbers(request["events"]),
                "lenient": lenient,
            }
            for request in case["requests"]
        ]
        self.assertEqual(world.requests, expected)
        given = case.get("dropped", [])
        self.assertEqual(dropped, [(n, reason) for which, reason in given for n in numbers(which)])
