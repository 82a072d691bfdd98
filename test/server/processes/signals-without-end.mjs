/** Sends a process a signal again and again until there is no such process: `signals-without-end.mjs PID SIGNAL`. */

const [pid, signal] = [Number(process.argv[2]), process.argv[3]];
process.send?.('begun');
try {
  for (;;) process.kill(pid, signal);
} catch (error) {
  if (error.code !== 'ESRCH') throw error;
}
process.exit();
