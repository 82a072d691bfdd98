/**
 * The Temporal SDK's metrics as they are served: each with a HELP, and none with a label whose values grow with runs. A
 * queue that belongs to one run loses its name, and the series of all such queues are added up. Pure.
 */

/** Its own page, in the text format, with the names of these queues alone. */
export function sdkPage(text: string, queues: ReadonlySet<string>): string {
  const lines: string[] = [];
  const helped = new Set<string>();
  let sums = new Map<string, number>();
  /** Series of one metric stand together, so what is added up lies between two comments. */
  const flush = (): void => {
    for (const [series, value] of sums) lines.push(`${series} ${value}`);
    sums = new Map();
  };
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (comment !== null) {
      const [, word = '', name = '', rest = ''] = comment;
      flush();
      if (word === 'TYPE' && !helped.has(name)) lines.push(`# HELP ${name} ${helpOf(name)}`);
      lines.push(word === 'HELP' ? `# HELP ${name} ${rest || helpOf(name)}` : line);
      helped.add(name);
      continue;
    }
    const space = line.lastIndexOf(' ');
    if (space < 0) continue;
    const series = withoutQueue(line.slice(0, space), queues);
    sums.set(series, (sums.get(series) ?? 0) + Number(line.slice(space + 1)));
  }
  flush();
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

const QUEUE = /([{,])task_queue="((?:[^"\\]|\\.)*)"(,?)/;

function withoutQueue(series: string, queues: ReadonlySet<string>): string {
  return series.replace(QUEUE, (label, before: string, queue: string, after: string) => {
    if (queues.has(queue)) return label;
    if (before === '{') return before;
    return after;
  });
}

function helpOf(name: string): string {
  return `${name.replace(/^temporal_/, '').replaceAll('_', ' ')}, as counted by the Temporal SDK.`;
}
