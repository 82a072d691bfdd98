/** What the instruments cost on a step's path, and a scrape of few and of many series. */

import { median } from '../measure.mjs';

const FACTS = 20_000;
const SCRAPES = 20;

export const scrape = async () => {
  const { makeTelemetry } = await import('../../dist/metrics/telemetry.js');
  const { loadPromClient } = await import('../../dist/metrics/prom-client.js');
  const prom = await loadPromClient();
  const rows = [];
  for (const [steps, most, budget] of [
    [100, 20_000, '<= 10 ms at 4,000'],
    [750, 40_000, '<= 80 ms at 30,000'],
  ]) {
    const telemetry = filled(makeTelemetry({ prom, maxSeries: most }), steps);
    const startedAt = cpuMs();
    for (let i = 0; i < FACTS; i += 1) telemetry.record(attemptOf(`s${i % steps}`));
    const perFact = ((cpuMs() - startedAt) / FACTS) * 1000;
    if (rows.length === 0) {
      rows.push({
        what: "instruments on a step's path, CPU",
        measured: `${perFact.toFixed(1)} us`,
        budget: '<= 10 us',
      });
    }
    const scrapes = [];
    for (let i = 0; i < SCRAPES; i += 1) {
      const at = cpuMs();
      await telemetry.registry.metrics();
      scrapes.push(cpuMs() - at);
    }
    rows.push({
      what: `a scrape of ${telemetry.seriesCount()} series, CPU`,
      measured: `${median(scrapes).toFixed(1)} ms`,
      budget,
    });
  }
  return rows;
};

/** CPU of this process until now. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** With every series of a profile of so many steps. */
function filled(telemetry, count) {
  const steps = Array.from({ length: count }, (_, i) => ({
    id: `s${i}`,
    kind: 'k',
    core: true,
    timeoutMs: 1000,
    p95Ms: 100,
  }));
  telemetry.seed({ job: 'j', profile: 'p', steps });
  return telemetry;
}

function attemptOf(step) {
  return {
    type: 'attempt',
    runId: 'r',
    generation: 1,
    job: 'j',
    profile: 'p',
    atMs: Date.now(),
    exporter: '1',
    step,
    kind: 'k',
    attempt: 1,
    result: 'ok',
    durationMs: 12,
    observed: true,
  };
}
