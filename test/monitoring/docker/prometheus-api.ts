/** Asks the stack's Prometheus, as its users do: over the published port. */

const BASE = 'http://127.0.0.1:9090/api/v1';

export type Series = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
};

/** An instant query. @throws Error with what Prometheus says */
export async function query(expression: string): Promise<readonly Series[]> {
  const { result } = await ask<{
    result: { metric: Record<string, string>; value: [number, string] }[];
  }>(`/query?query=${encodeURIComponent(expression)}`);
  return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

export type Target = {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
};

/** The targets it scrapes now. */
export async function activeTargets(): Promise<readonly Target[]> {
  const { activeTargets: targets } = await ask<{ activeTargets: Target[] }>(
    '/targets?state=active',
  );
  return targets;
}

export type Rule = {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly health: string;
  readonly lastError?: string;
  readonly file: string;
  /** Its expression. */
  readonly query: string;
  /** Seconds between two evaluations. */
  readonly intervalS: number;
};

/** Every rule it evaluates. */
export async function rules(): Promise<readonly Rule[]> {
  type Group = { file: string; interval: number; rules: Omit<Rule, 'file' | 'intervalS'>[] };
  const { groups } = await ask<{ groups: Group[] }>('/rules');
  return groups.flatMap(({ file, interval, rules: some }) =>
    some.map((rule) => ({ ...rule, file, intervalS: interval })),
  );
}

export type Alert = {
  readonly labels: Readonly<Record<string, string>>;
  /** Set while its rule no longer holds, and it goes on for its keep_firing_for. */
  readonly keepFiringSince?: string;
};

/** Every alert that is pending or fires. */
export async function alerts(): Promise<readonly Alert[]> {
  return (await ask<{ alerts: Alert[] }>('/alerts')).alerts;
}

async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(BASE + path);
  const { status, data, error } = (await answer.json()) as {
    status: string;
    data: T;
    error?: string;
  };
  if (status !== 'success') throw new Error(`Prometheus: ${error}`);
  return data;
}
