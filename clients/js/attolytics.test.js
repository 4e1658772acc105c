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
function answer({ status, retry_after, type, quarantined, errors = [] }) {
  if (status === 0) throw new TypeError("fetch failed");
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

async function run(t, example, random) {
  const world = simulate(t, random);
  const requests = [...example.requests];
  const keys = new Map();
  const dropped = [];
  let answered = 0;
  world.fetch = (url, { headers, body }) => {
    const expected = requests.shift();
    assert.ok(expected, `an unexpected request: ${body.slice(0, 200)}`);
    const [least, most] = expected.wait;
    assert.ok(
      Math.abs((world.now - answered) / 1000 - (random ? most : least)) < 0.001,
      `waited ${world.now - answered} ms`,
    );
    assert.deepEqual(
      JSON.parse(body).events.map(({ n }) => n),
      numbers(expected.events),
    );
    assert.equal(headers.Prefer, example.lenient && "handling=lenient");
    const key = headers["Idempotency-Key"];
    assert.ok(key.length <= 255);
    assert.equal(keys.get(expected.key) ?? key, key);
    assert.equal(keys.has(expected.key), [...keys.values()].includes(key));
    keys.set(expected.key, key);
    world.now += (expected.later ?? 0) * 1000;
    answered = world.now;
    return answer(expected);
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
  assert.deepEqual(requests, [], "requests that were not sent");
  const expected = (example.dropped ?? []).flatMap(([which, reason]) =>
    numbers(which).map((n) => [n, reason]),
  );
  assert.deepEqual(dropped, expected);
  await client.flush();
}

for (const example of cases) {
  test(example.name, async (t) => {
    await run(t, example, 0);
    await run(t, example, 1);
  });
}
