// The results of `benchmarks/live.mjs` as a table, in the manner of `engine.md`.

const ms = (value) => `${value.toFixed(0)} ms`;

/** Rows of what was measured, parts left out are missing: name, shown, must, aim, how. */
export function tableRows({ mien, sweep = [], peers, flicker }) {
  const rows = [];
  if (mien) {
    rows.push(
      {
        measure: 'end-to-end live rate, one face, 640×480',
        shown: `${mien.framesPerSecond.toFixed(1)} fps`,
        must: '≥ 25',
        aim: '≥ 60',
        how: `${mien.device}, ${mien.threads} ${mien.threads === 1 ? 'thread' : 'threads'}, ${mien.facesPerFrame.toFixed(2)} faces a frame; ${mien.workP50Ms.toFixed(1)} ms in the worker, latency ${ms(mien.latencyP50Ms)} (medians)`,
      },
      ...sweep.map(({ threads, framesPerSecond }) => ({
        measure: `the same with ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        shown: `${framesPerSecond.toFixed(1)} fps`,
        must: '',
        aim: '',
        how: 'asked for with `threads`',
      })),
      {
        measure: 'added main-thread time a frame, p95',
        shown: `${mien.mainThreadP95Ms.toFixed(2)} ms`,
        must: '≤ 4',
        aim: '≤ 1',
        how: 'taking the frame and hearing its faces',
      },
      {
        measure: 'first result after page load, warm cache',
        shown: ms(mien.firstResultMs),
        must: '≤ 1500',
        aim: '≤ 700',
        how: `from navigation to the first list with a face; model open after ${ms(mien.openMs)} (medians of ${mien.loads} loads)`,
      },
      {
        measure: 'our JavaScript, gzip, without ONNX Runtime',
        shown: `${(mien.javascriptGzipBytes / 1000).toFixed(1)} kB`,
        must: '≤ 80',
        aim: '≤ 40',
        how: Object.entries(mien.scripts)
          .map(([name, bytes]) => `${name} ${(bytes / 1000).toFixed(1)}`)
          .join(', '),
      },
    );
    if (mien.memory) {
      const { warm, atWarm, frames, atEnd, growth, seconds } = mien.memory;
      rows.push({
        measure: `memory after ${frames} frames against after ${warm}`,
        shown: `${growth < 0 ? '−' : '+'}${Math.abs(100 * growth).toFixed(1)} %`,
        must: '≤ +5 %',
        aim: '0',
        how: `resident memory of the page's process, worker included, garbage collected: ${(atWarm / 1e6).toFixed(0)} → ${(atEnd / 1e6).toFixed(0)} MB in ${seconds.toFixed(0)} s`,
      });
    }
  }
  for (const [name, { backend, framesPerSecond, facesPerFrame, ours }] of Object.entries(peers)) {
    rows.push({
      measure: `rate against ${name}`,
      shown: ours === undefined ? `${framesPerSecond.toFixed(1)} fps` : `${ours.toFixed(1)}×`,
      must: '≥ 2×',
      aim: '≥ 4×',
      how: `${framesPerSecond.toFixed(1)} fps on ${backend}, ${facesPerFrame.toFixed(2)} faces a frame, the faster of its backends in the same browser on the same clip`,
    });
  }
  if (flicker) {
    const raw = flicker.rows.find(({ smoothing }) => smoothing === 'raw');
    const row = flicker.rows.find(({ smoothing }) => smoothing === 'default');
    rows.push({
      measure: 'flicker: label switches a minute, smoothed ÷ raw',
      shown: row.ofRaw.toFixed(2),
      must: '≤ 0.3',
      aim: '≤ 0.1',
      how: `${row.switchesPerMinute.toFixed(1)} ÷ ${raw.switchesPerMinute.toFixed(1)}${flicker.jittered ? ', crop trembled by ±4 %' : ''}; added lag ${ms(row.probabilityLagMs)} for probabilities, ${ms(row.labelLagMs)} for the label (median; must be ≤ 200)`,
    });
  }
  return rows;
}

export function conditions({ date, model, machine, chromium, node, clip, loadBefore }) {
  return `${date}, model ${model}, ${machine}, Chromium ${chromium} headless, Node ${node}, clip ${clip} at 640×480 and 60 frames a second; load average before: ${loadBefore.toFixed(2)}.`;
}

export function markdown(result) {
  const rows = tableRows(result).map(({ measure, shown, must, aim, how }) => `| ${measure} | ${shown} | ${must} | ${aim} | ${how} |`);
  return [conditions(result), '', '| measure | measured | must | aim | how |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}
