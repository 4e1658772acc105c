// Runs the cases that all clients share, ../cases.json, with a simulated clock and network: node --test

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Attolytics } from "./attolytics.js";

const { cases } = JSON.parse(readFileSync(new URL("../cases.json", import.meta.url)));

/** Numbers of events: "0-99", "0 2", 1. */
function numbers(text) {
  return String(text)
    .split(" ")
    .filter(Boolean)
    .flatMap((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** Events of these sizes in bytes, or that many small ones. */
function events(sizes) {
  if (typeof sizes === "number")
    return Array.from({ length: sizes }, (_, n) => ({ _t: "events", n }));
  return sizes.map((size, n) => {
    const event = { _t: "events", n, pad: "" };
    event.pad = "x".repeat(size - JSON.stringify(event).length);
    return event;
  });
}

/** What fetch returns, or throws. */
function answer({ status, retry_after, type, quarantined, errors = [] }, { signal }) {
  if (status === 0) throw new TypeError("fetch failed");
  if (status === null) return new Promise((_, reject) => signal.addEventListener("abort", reject));
  const headers = new Headers(retry_after && { "Retry-After": retry_after });
  if (!type && !quarantined) return new Response(null, { status, headers });
  headers.set("Content-Type", type ? "application/problem+json" : "application/json");
  const document = { quarantined, errors: errors.map(([event, code]) => ({ event, code })) };
  if (type) document.type = `urn:attolytics:problem:${type}`;
  return new Response(JSON.stringify(document), { status, headers });
}

/** Puts a clock and a network into the place of the real ones. The clock jumps from timer to timer. */
function simulate(t, random) {
  const world = { now: 0, timer: undefined, fetch: undefined };
  t.mock.method(Math, "random", () => random);
  t.mock.method(Date, "now", () => 1e12 + world.now);
  t.mock.method(performance, "now", () => world.now);
  t.mock.method(globalThis, "clearTimeout", () => (world.timer = undefined));
  t.mock.method(
    globalThis,
    "setTimeout",
    (call, ms) => (world.timer = { call, at: world.now + Math.max(ms, 0) }),
  );
  t.mock.method(globalThis, "fetch", async (url, request) => world.fetch(url, request));
  return world;
}

const tasks = () => new Promise((resolve) => setImmediate(resolve));

/** Names keys a, b, c, … */
function keyNames() {
  const keys = [];
  return (key) => {
    if (!keys.includes(key)) keys.push(key);
    return String.fromCharCode("a".charCodeAt(0) + keys.indexOf(key));
  };
}

async function run(t, example, random) {
  const world = simulate(t, random);
  const nameKey = keyNames();
  const answers = [...example.requests];
  const requests = [];
  const dropped = [];
  let answered = 0;
  world.fetch = (url, request) => {
    const { headers, body } = request;
    requests.push({
      wait: Math.round(world.now - answered) / 1000,
      key: nameKey(headers["Idempotency-Key"]),
      events: JSON.parse(body).events.map(({ n }) => n),
      lenient: headers.Prefer === "handling=lenient",
    });
    const next = answers.shift() ?? { status: 200 };
    world.now += (next.later ?? 0) * 1000;
    answered = world.now;
    return answer(next, request);
  };
  const client = new Attolytics("http://localhost/apps/a/events", "sesame", {
    maxBytes: example.max_bytes ?? 16_000_000,
    lenient: example.lenient,
    onDrop: ({ n }, reason) => dropped.push([n, reason]),
  });
  for (const event of events(example.events)) client.track(event);
  while (world.timer) {
    const { call, at } = world.timer;
    world.timer = undefined;
    world.now = Math.max(world.now, at);
    call();
    await tasks();
  }
  await client.flush();
  const expected = example.requests.map(({ wait, key, events }) => ({
    wait: wait[random],
    key,
    events: numbers(events),
    lenient: example.lenient ?? false,
  }));
  assert.deepEqual(requests, expected);
  const given = example.dropped ?? [];
  assert.deepEqual(
    dropped,
    given.flatMap(([which, reason]) => numbers(which).map((n) => [n, reason])),
  );
}

for (const example of cases) {
  test(example.name, async (t) => {
    await run(t, example, 0);
    await run(t, example, 1);
  });
}
