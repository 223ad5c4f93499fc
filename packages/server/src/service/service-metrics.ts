/** Prometheus metrics, in a registry of the service's own. Labels come from fixed sets, never from a request. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { PoolObserver } from './recognition-pool.ts';

/** Read at each scrape. */
export interface Gauges {
  readonly queued: () => number;
  readonly running: () => number;
  readonly heldBytes: () => number;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class ServiceMetrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: 'mien_http_requests_total',
    help: 'Requests answered',
    labelNames: ['route', 'status'],
    registers: [this.registry],
  });
  readonly #duration = new Histogram({
    name: 'mien_http_request_duration_seconds',
    help: 'From the head of a request to its answer',
    labelNames: ['route'],
    buckets: seconds,
    registers: [this.registry],
  });
  readonly #refusals = new Counter({ name: 'mien_refusals_total', help: 'Requests refused, by reason', labelNames: ['code'], registers: [this.registry] });
  readonly #images = new Counter({ name: 'mien_images_total', help: 'Images and video frames recognised', registers: [this.registry] });
  readonly #faces = new Counter({ name: 'mien_faces_total', help: 'Faces recognised', registers: [this.registry] });
  readonly #queueWait = new Histogram({
    name: 'mien_queue_wait_seconds',
    help: 'Time an image waits for a worker',
    buckets: seconds,
    registers: [this.registry],
  });
  readonly #runFaces = new Histogram({
    name: 'mien_batch_faces',
    help: 'Faces in one run of a network',
    buckets: [1, 2, 4, 8, 16, 32],
    registers: [this.registry],
  });
  readonly #workersLost = new Counter({ name: 'mien_workers_lost_total', help: 'Workers that ended on their own', registers: [this.registry] });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** For the pool to report to. */
  readonly poolObserver: PoolObserver = {
    onStart: (waitMs) => this.#queueWait.observe(waitMs / 1000),
    onRun: (faces) => this.#runFaces.observe(faces),
    onWorkerLost: () => this.#workersLost.inc(),
  };

  watch({ queued, running, heldBytes }: Gauges): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    };
    gauge('mien_queue_length', 'Images that wait for a worker', queued);
    gauge('mien_images_in_work', 'Images a worker has', running);
    gauge('mien_body_bytes', 'Memory set aside for request bodies', heldBytes);
  }

  request(route: string, status: number, ms: number, code: string | undefined): void {
    this.#requests.inc({ route, status });
    this.#duration.observe({ route }, ms / 1000);
    if (code !== undefined) this.#refusals.inc({ code });
  }

  recognised(images: number, faces: number): void {
    this.#images.inc(images);
    this.#faces.inc(faces);
  }
}
