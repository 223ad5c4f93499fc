/**
 * Open load on an HTTP service: requests leave when their time has come, whether or not earlier ones were answered, as they
 * do when clients know nothing of each other. autocannon's rate option sends each second's share at the second's beginning,
 * which measures how a service digests a heap of requests, not how long one takes at that rate.
 */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const median = (sorted) => sorted[Math.floor(sorted.length / 2)];
const ascending = (values) => values.toSorted((a, b) => a - b);

/**
 * POSTs `bodies` in turn, one every 1/`perSecond` s, for `seconds`. Latencies, ms, count from the moment a request was due,
 * so a generator that falls behind shows as latency instead of as less load. `p99OverMedian`: each latency is divided by the
 * median of the same body first, since pictures that differ in size differ in work.
 */
export async function openLoad(url, { bodies, perSecond, seconds }) {
  const agent = new http.Agent({ keepAlive: true });
  const latencies = bodies.map(() => []);
  const statuses = new Map();
  const count = (status) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const send = (which, dueAt) =>
    new Promise((resolve) => {
      const body = bodies[which];
      const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length };
      const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 200) latencies[which].push(performance.now() - dueAt);
          count(response.statusCode);
          resolve();
        });
      });
      request.once('error', () => {
        count('error');
        resolve();
      });
      request.end(body);
    });

  const requests = Math.round(perSecond * seconds);
  const open = [];
  const began = performance.now();
  for (let i = 0; i < requests; i++) {
    const dueAt = began + (1000 * i) / perSecond;
    // Timers count whole milliseconds: a request may leave up to one late, which its latency includes.
    const wait = dueAt - performance.now();
    if (wait > 0) await sleep(wait);
    open.push(send(i % bodies.length, dueAt));
  }
  await Promise.all(open);
  agent.destroy();

  const all = ascending(latencies.flat());
  const relative = ascending(latencies.flatMap((own) => own.map((ms) => ms / median(ascending(own)))));
  const p99 = (sorted) => sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))];
  return {
    requests,
    answered: all.length,
    refused: statuses.get(429) ?? 0,
    failed: requests - all.length - (statuses.get(429) ?? 0),
    p50Ms: median(all),
    p99Ms: p99(all),
    p99OverMedian: p99(relative),
  };
}
