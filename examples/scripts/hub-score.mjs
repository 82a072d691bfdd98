// Hub score of every airport: PageRank over the routes, weighted by flights. Needs only Node.
//
// An endless traveller takes a random departing flight, each flight of the year equally likely; with
// chance 1 - damping they start afresh anywhere. The score is the share of time spent at an airport.
// Same input, same bytes: airports are visited in sorted order and scores are rounded at the end.
//
//   node hub-score.mjs --routes=routes.csv --out=scores.csv --values=values.json [--damping=0.85]

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const MAX_ITERATIONS = 200;
const SETTLED = 1e-10;

const { values: flags } = parseArgs({
  options: {
    routes: { type: 'string' },
    out: { type: 'string' },
    values: { type: 'string' },
    damping: { type: 'string', default: '0.85' },
  },
});

const table = parseRoutes(readFileSync(flags.routes, 'utf8'));
const ranking = rank(table, Number(flags.damping));
writeFileSync(flags.out, ranking.csv);
writeFileSync(flags.values, JSON.stringify(ranking.values));
console.log(
  `${ranking.values.airports} airports, settled after ${ranking.values.iterations} iterations`,
);

/** The airports by falling score as CSV, and the numbers worth knowing about the calculation. */
function rank(routes, damping) {
  const airports = [...new Set(routes.flatMap((r) => [r.origin, r.destination]))].toSorted();
  const { scores, iterations } = pageRank(airports, routes, damping);
  const sorted = airports
    .map((iata, i) => ({ iata, score: scores[i].toFixed(8) }))
    .toSorted((a, b) => b.score - a.score || (a.iata < b.iata ? -1 : 1));
  const lines = sorted.map(({ iata, score }, i) => `${iata},${score},${i + 1}`);
  return {
    csv: ['iata,hub_score,hub_rank', ...lines, ''].join('\n'),
    values: { airports: airports.length, iterations, top_hub: sorted[0]?.iata ?? null },
  };
}

/** Rows of a CSV whose fields hold no comma and no quote, which airport codes and numbers never do. */
function parseRoutes(text) {
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]));
  return lines.map((line) => {
    const fields = line.split(',');
    return {
      origin: fields[column.origin],
      destination: fields[column.destination],
      flights: Number(fields[column.flights]),
    };
  });
}

/** Power iteration until no score moves by more than SETTLED. Scores add up to 1. */
function pageRank(nodes, edges, damping) {
  const position = new Map(nodes.map((node, i) => [node, i]));
  const leaving = new Float64Array(nodes.length);
  for (const edge of edges) leaving[position.get(edge.origin)] += edge.flights;

  let scores = new Float64Array(nodes.length).fill(1 / nodes.length);
  for (let iterations = 1; ; iterations++) {
    // Who is at an airport without departures starts afresh anywhere.
    const stranded = scores.reduce((sum, s, i) => (leaving[i] === 0 ? sum + s : sum), 0);
    const next = new Float64Array(nodes.length).fill(
      (1 - damping + damping * stranded) / nodes.length,
    );
    for (const { origin, destination, flights } of edges) {
      const from = position.get(origin);
      next[position.get(destination)] += (damping * scores[from] * flights) / leaving[from];
    }
    const moved = Math.max(...next.map((s, i) => Math.abs(s - scores[i])));
    scores = next;
    if (moved < SETTLED || iterations === MAX_ITERATIONS) return { scores, iterations };
  }
}
