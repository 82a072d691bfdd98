/** What the example pipeline must find, computed from the files in plain JavaScript by other means than the profiles use. */

import { fileURLToPath } from 'node:url';

import { readCsv, type Row } from './csv.ts';

const DATA = fileURLToPath(new URL('../../examples/data/', import.meta.url));
const EARTH_KM = 6371;
const NOT_AN_AIRLINE = new Set([
  'MILITARY',
  'GOVERNMENT',
  'BUSINESS',
  'PRIVATELY OWNED',
  'EXECUTIVE JET AVIATION',
  'FEDEX EXPRESS',
  'UPS AIRLINES',
  'ABX AIR',
  'ASTAR AIR CARGO',
  'UNKNOWN',
]);

export type Params = {
  readonly country: string;
  readonly min_flights: number;
  readonly since: string;
  readonly damping: number;
};

/** The four files of the example, as text. */
export async function readExample() {
  const [airports, routes, strikes, names] = await Promise.all(
    ['airports', 'flights-airport', 'birdstrikes', 'strike-airports'].map((name) =>
      readCsv(`${DATA}${name}.csv`),
    ),
  );
  return { airports: airports!, routes: routes!, strikes: strikes!, names: names! };
}

/** Lines of `traffic`, busiest first. */
export function traffic(airports: readonly Row[], routes: readonly Row[], params: Params) {
  const known = airportsOf(airports, params);
  const kept = routes.filter((r) => known.has(r['origin']!) && known.has(r['destination']!));
  return [...known.values()]
    .map(({ iata }) => {
      const leaving = kept.filter((r) => r['origin'] === iata);
      const km = leaving.reduce(
        (sum, r) => sum + count(r) * distanceKm(known.get(iata!)!, known.get(r['destination']!)!),
        0,
      );
      const departures = total(leaving);
      return {
        iata: iata!,
        departures,
        arrivals: total(kept.filter((r) => r['destination'] === iata)),
        destinations: leaving.length,
        mean_distance_km: Math.floor(km / departures),
      };
    })
    .filter((line) => line.departures >= params.min_flights)
    .toSorted((a, b) => b.departures - a.departures || (a.iata < b.iata ? -1 : 1));
}

/** The reports sorted into usable ones, repeats and those of no known airport. */
export function sift(
  { airports, strikes, names }: Awaited<ReturnType<typeof readExample>>,
  params: Params,
) {
  const known = airportsOf(airports, params);
  const meaning = new Map(names.map((n) => [n['reported_name'], n['iata']!]));
  const recent = strikes.filter((s) => s['Flight Date']! >= params.since);
  const distinct = [...new Map(recent.map((s) => [JSON.stringify(s), s])).values()];
  const located = distinct.map((report) => ({ report, iata: meaning.get(report['Airport Name']) }));
  return {
    cameIn: recent.length,
    repeats: recent.length - distinct.length,
    usable: located.flatMap(({ report, iata }) =>
      iata !== undefined && known.has(iata) ? [{ iata, report }] : [],
    ),
    unlocated: located.filter(({ iata }) => iata === undefined || !known.has(iata)).length,
  };
}

/** Hub scores by solving the linear equations of PageRank; the example's script iterates instead. */
export function hubScores(routes: readonly Row[], damping: number): ReadonlyMap<string, number> {
  const nodes = [...new Set(routes.flatMap((r) => [r['origin']!, r['destination']!]))];
  const at = new Map(nodes.map((node, i) => [node, i]));
  const n = nodes.length;
  const leaving = nodes.map((node) => total(routes.filter((r) => r['origin'] === node)));
  // (I - damping * P) x = (1 - damping) / n, where column j of P says where a traveller at j goes.
  const matrix = nodes.map((_, i) =>
    nodes.map((__, j) => (i === j ? 1 : 0) - (leaving[j] === 0 ? damping / n : 0)),
  );
  for (const r of routes) {
    const from = at.get(r['origin']!)!;
    matrix[at.get(r['destination']!)!]![from]! -= (damping * count(r)) / leaving[from]!;
  }
  const x = solve(
    matrix,
    nodes.map(() => (1 - damping) / n),
  );
  return new Map(nodes.map((node, i) => [node, x[i]!]));
}

/** Lines of `score`, most urgent first. */
export function score(data: Awaited<ReturnType<typeof readExample>>, params: Params) {
  const hubs = hubScores(data.routes, params.damping);
  const flown = sift(data, params).usable.filter(
    ({ report }) => !NOT_AN_AIRLINE.has(report['Aircraft Airline Operator']!),
  );
  const lines = traffic(data.airports, data.routes, params).flatMap(({ iata, departures }) => {
    const here = flown.filter((strike) => strike.iata === iata).map(({ report }) => report);
    return here.length === 0 ? [] : [{ iata, departures, here }];
  });
  const strikes = lines.reduce((sum, line) => sum + line.here.length, 0);
  const departures = lines.reduce((sum, line) => sum + line.departures, 0);
  return lines
    .map((line) => ({
      iata: line.iata,
      strikes: line.here.length,
      damaging_strikes: line.here.filter((r) => r['Effect Amount of damage'] !== 'None').length,
      large_animal_strikes: line.here.filter((r) => r['Wildlife Size'] === 'Large').length,
      cost_usd: line.here.reduce((sum, r) => sum + Number(r['Cost Total $']), 0),
      risk_index: round3(line.here.length / line.departures / (strikes / departures)),
    }))
    .toSorted((a, b) => b.risk_index * hubs.get(b.iata)! - a.risk_index * hubs.get(a.iata)!);
}

/** How many there are of each key. */
export function tally<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

function airportsOf(airports: readonly Row[], params: Params): Map<string, Row> {
  return new Map(
    airports.filter((a) => a['country'] === params.country).map((a) => [a['iata']!, a]),
  );
}

/** Distance by the spherical law of cosines, in whole kilometres; the profile uses the haversine. */
function distanceKm(a: Row, b: Row): number {
  const [lat1, lon1, lat2, lon2] = [
    a['latitude'],
    a['longitude'],
    b['latitude'],
    b['longitude'],
  ].map((degrees) => (Number(degrees) * Math.PI) / 180) as [number, number, number, number];
  const cosine =
    Math.sin(lat1) * Math.sin(lat2) + Math.cos(lat1) * Math.cos(lat2) * Math.cos(lon2 - lon1);
  return Math.round(EARTH_KM * Math.acos(Math.min(1, cosine)));
}

function count(route: Row): number {
  return Number(route['count']);
}

function total(routes: readonly Row[]): number {
  return routes.reduce((sum, r) => sum + count(r), 0);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Solves `matrix * x = right` by elimination with pivots. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? k + i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      if (factor === 0) continue;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = Array.from({ length: n }, () => 0);
  for (let i = n - 1; i >= 0; i--) {
    const known = x.reduce((sum, value, j) => (j > i ? sum + rows[i]![j]! * value : sum), 0);
    x[i] = (rows[i]![n]! - known) / rows[i]![i]!;
  }
  return x;
}
