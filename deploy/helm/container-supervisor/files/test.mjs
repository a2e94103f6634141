// Asks until the pod's deadline: a Service has no endpoint before the first pod is ready.
const { BASE_URL, METRICS_PATH } = process.env;

async function ask(path, expected) {
  for (;;) {
    try {
      const response = await fetch(BASE_URL + path, { signal: AbortSignal.timeout(5000) });
      const body = await response.text();
      if (response.ok && body.includes(expected)) return console.log(`${path}: ok`);
      console.error(`${path}: ${response.status}\n${body}`);
    } catch (error) {
      console.error(`${path}: ${error.cause ?? error}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

await ask('/readyz', '');
await ask(METRICS_PATH, 'supervisor_workers_ready');
