// What the stand-in for Grafana is: health, once the volume can be written and the provisioned files can be read.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [flag, url] = process.argv.slice(2);
if (flag === '--ask') {
  const answer = await fetch(url).catch(() => undefined);
  process.exit(answer?.ok ? 0 : 22);
}

writeFileSync('/var/lib/grafana/grafana.db', '');
const provisioning = '/etc/grafana/provisioning';
for (const kind of readdirSync(provisioning)) {
  for (const file of readdirSync(`${provisioning}/${kind}`)) {
    readFileSync(`${provisioning}/${kind}/${file}`);
  }
}
createServer(({ url: path }, response) => {
  if (path !== '/api/health') return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ database: 'ok', version: 'stand-in' }));
}).listen(3000);
process.on('SIGTERM', () => process.exit(0));
