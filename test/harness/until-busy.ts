/** Resolves once this process has worked for a second of CPU: what was begun before is at its work by then, on a busy machine too. */
export async function untilBusy(): Promise<void> {
  const from = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(from);
    if (user + system > 1_000_000) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
