/*
 * What a machine can lack, each as a prefix of a command: in a mount namespace or a process of its own, so that
 * nothing of it is seen outside.
 */

type Prefix = readonly string[];

/** After commands of a shell, in a mount namespace of its own. */
export function mounted(script: string): Prefix {
  return ['unshare', '--mount', 'sh', '-ec', `${script}\nexec "$@"`, 'sh'];
}

/** After commands of a shell. */
export function after(script: string): Prefix {
  return ['sh', '-ec', `${script}\nexec "$@"`, 'sh'];
}

/** With an empty directory in the place of that one. */
export function without(directory: string): Prefix {
  return mounted(`mount -t tmpfs -o mode=755 none ${directory}`);
}

/** The user and group of most containers: no name, no right to anything, and no way to get one. */
export const NOBODY: Prefix = [
  'setpriv',
  '--reuid=12345',
  '--regid=12345',
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--no-new-privs',
];
