import { eventually } from './eventually.ts';
import { Program } from './program.ts';
import { workspace } from './workspace.ts';

/** What Prometheus scrapes: the names of jobs with their targets, as `host:port`. */
export type Targets = Readonly<Record<string, string>>;

export interface PrometheusOptions {
  /** The content of a rule file. */
  readonly rules?: string;
  /** Where alerts go, as `host:port`. */
  readonly alertmanager?: string;
}

/** A series of a query's answer; `values` are pairs of time and value. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** An alert that is pending or firing. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** The arguments of both: any free port of this machine alone, which the log tells. */
const LISTEN = '--web.listen-address=127.0.0.1:0';

/** A server of the Prometheus project on a port of its own, with its data in its own directory. */
class Server extends Program {
  constructor(command: readonly string[], cwd: string) {
    super([...command, LISTEN], { cwd, env: { PATH: process.env['PATH'] } });
  }

  /** Waits until it serves. */
  async address(): Promise<string> {
    const address = await eventually(() => {
      const [, found] = /msg="Listening on" address=(\S+)/.exec(this.stderr) ?? [];
      if (found === undefined) throw new Error(`it does not listen:\n${this.stderr.slice(-2000)}`);
      return found;
    });
    await eventually(async () => {
      const { status } = await fetch(`http://${address}/-/ready`);
      if (status !== 200) throw new Error(`it is not ready: ${status}`);
    });
    return address;
  }
}

/** Debian's Prometheus, which scrapes and evaluates its rules once a second; ended after the test. */
export class Prometheus extends Server {
  static start(targets: Targets, { rules, alertmanager }: PrometheusOptions = {}): Prometheus {
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: rules === undefined ? [] : ['rules.yaml'],
      scrape_configs: Object.entries(targets).map(([job, target]) => ({
        job_name: job,
        static_configs: [{ targets: [target] }],
      })),
      alerting: {
        alertmanagers:
          alertmanager === undefined ? [] : [{ static_configs: [{ targets: [alertmanager] }] }],
      },
    };
    // JSON is YAML
    const files = { 'prometheus.yaml': config, 'rules.yaml': rules ?? 'groups: []' };
    return new Prometheus(
      ['prometheus', '--config.file=prometheus.yaml', '--storage.tsdb.path=data'],
      workspace(files),
    );
  }

  /** The series that an expression has now. @throws an error with Prometheus' words if it refuses */
  async query(expression: string): Promise<readonly Series[]> {
    const { result } = await this.#get<{ result: Series[] }>('query', { query: expression });
    return result;
  }

  /** The same over the last minute, in steps of a second. */
  async queryRange(expression: string): Promise<readonly Series[]> {
    const end = Date.now() / 1000;
    const parameters = { query: expression, start: `${end - 60}`, end: `${end}`, step: '1' };
    const { result } = await this.#get<{ result: Series[] }>('query_range', parameters);
    return result;
  }

  async alerts(): Promise<readonly Alert[]> {
    const { alerts } = await this.#get<{ alerts: Alert[] }>('alerts', {});
    return alerts;
  }

  async #get<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(`http://${await this.address()}/api/v1/${path}?${query}`);
    const { data, error } = (await response.json()) as { data?: T; error?: string };
    if (data === undefined) throw new Error(`${parameters['query'] ?? path}: ${String(error)}`);
    return data;
  }
}

/** Debian's Alertmanager, which sends what it is told on to a webhook at once; ended after the test. */
export class Alertmanager extends Server {
  static start(webhook: string): Alertmanager {
    const config = {
      route: { receiver: 'webhook', group_by: ['alertname'], group_wait: '0s' },
      receivers: [{ name: 'webhook', webhook_configs: [{ url: webhook }] }],
    };
    return new Alertmanager(
      [
        'prometheus-alertmanager',
        '--config.file=alertmanager.yaml',
        '--storage.path=data',
        '--cluster.listen-address=',
      ],
      workspace({ 'alertmanager.yaml': config }),
    );
  }
}

/** The value of the only series with these labels; undefined where there is none. */
export function valueOf(
  series: readonly Series[],
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const found = series.find(({ metric }) =>
    Object.entries(labels).every(([name, value]) => metric[name] === value),
  );
  return found?.value === undefined ? undefined : Number(found.value[1]);
}
