import { readFileSync, readdirSync } from 'node:fs';

import { parseObjects } from './helm.ts';
import type { KubernetesObject } from './helm.ts';
import { ROOT } from './program.ts';

const FOLDER = `${ROOT}deploy/kubernetes/`;

/** A container of a pod, as far as tests look at it. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
    readonly readOnly?: boolean;
  }[];
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly seccompProfile?: { readonly type: string };
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}

/** The specification of a pod, as far as tests look at it. */
export interface PodSpec {
  readonly terminationGracePeriodSeconds?: number;
  readonly enableServiceLinks?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly seccompProfile?: { readonly type: string };
    readonly sysctls?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly emptyDir?: object;
    readonly configMap?: { readonly name: string };
  }[];
}

/** An object of Kubernetes, as far as tests look at it. */
export interface Manifest extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: object };
    readonly template?: {
      readonly metadata: {
        readonly labels: object;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: PodSpec;
    };
  };
}

/** The names of the files in deploy/kubernetes. */
export const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

/** The objects in a file of deploy/kubernetes. */
export function example(name: string): readonly Manifest[] {
  return parseObjects(readFileSync(`${FOLDER}${name}`, 'utf8'));
}

/** The one pod that these objects have. */
export function podOf(objects: readonly Manifest[]): PodSpec {
  const [pod, ...others] = objects.flatMap(({ spec }) => spec?.template?.spec ?? []);
  if (pod === undefined || others.length > 0) throw new Error('expected one pod');
  return pod;
}

/** The container of a pod that the supervisor runs in. */
export function supervisorOf(pod: PodSpec): Container {
  const found = [...(pod.initContainers ?? []), ...pod.containers].find(({ env = [] }) =>
    env.some(({ name }) => name === 'SUPERVISOR_CONFIG'),
  );
  if (found === undefined) throw new Error('expected a container with SUPERVISOR_CONFIG');
  return found;
}

/** The text of the supervisor's configuration: the file that SUPERVISOR_CONFIG names, through the mount. */
export function configOf(objects: readonly Manifest[]): string {
  const pod = podOf(objects);
  const { env = [], volumeMounts = [] } = supervisorOf(pod);
  const path = env.find(({ name }) => name === 'SUPERVISOR_CONFIG')?.value ?? '';
  const mount = volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
  const volume = pod.volumes?.find(({ name }) => name === mount?.name);
  const map = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === volume?.configMap?.name,
  );
  const text = map?.data?.[path.slice((mount?.mountPath.length ?? 0) + 1)];
  if (text === undefined) throw new Error(`nothing is mounted at ${path}`);
  return text;
}

/**
 * How long the containers of a pod may take to stop: its own pre-stop sleep and the whole stop for the
 * supervisor's, so many seconds for the app's. A native sidecar is asked after the app, all others at once.
 */
export function stopSecondsOf(objects: readonly Manifest[], appSeconds = 30): number {
  const pod = podOf(objects);
  const supervisor = supervisorOf(pod);
  const { stop } = JSON.parse(configOf(objects)) as { stop?: { timeoutSeconds?: number } };
  const own = (supervisor.lifecycle?.preStop?.sleep?.seconds ?? 0) + (stop?.timeoutSeconds ?? 25);
  if (supervisor.restartPolicy === 'Always') return own + appSeconds;
  return pod.containers.length > 1 ? Math.max(own, appSeconds) : own;
}

/** What the restricted Pod Security Standard has against a pod, and a root file system that is writable. */
export function securityProblemsOf(pod: PodSpec): readonly string[] {
  const common = pod.securityContext ?? {};
  return [...(pod.initContainers ?? []), ...pod.containers].flatMap((container) => {
    const own = container.securityContext ?? {};
    const rules = {
      allowPrivilegeEscalation: own.allowPrivilegeEscalation === false,
      'capabilities.drop': own.capabilities?.drop?.includes('ALL') === true,
      'capabilities.add': own.capabilities?.add === undefined,
      runAsNonRoot: (own.runAsNonRoot ?? common.runAsNonRoot) === true,
      seccompProfile: (own.seccompProfile ?? common.seccompProfile)?.type === 'RuntimeDefault',
      readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    };
    return Object.entries(rules).flatMap(([rule, holds]) => {
      return holds ? [] : [`${container.name}: ${rule}`];
    });
  });
}
