import { join } from 'node:path';

import { ROOT, VERSION } from '../helpers/program.ts';
import {
  importNodeImage,
  nodeImageOf,
  npmCache,
  NPM_CACHE,
  repositoryFile,
} from './base-images.ts';
import type { Podman } from './podman.ts';

/** The image that ours is built on. */
export const BASE = nodeImageOf(repositoryFile('deploy/Containerfile'));

/** The supervisor's image. */
export const IMAGE = `container-supervisor:${VERSION}`;

/** The supervisor with its own Node.js and libraries, to be copied into an image. */
export const STANDALONE = `${IMAGE}-standalone`;

/** Builds the supervisor's image on a stand-in of its base. */
export async function buildImage(podman: Podman): Promise<void> {
  await importNodeImage(podman, BASE);
  const cache = `--volume=${npmCache()}:${NPM_CACHE}:O`;
  await podman.buildSupervisor(IMAGE, cache);
}

/** Builds an example in the directory that it is in. */
export async function buildExample(
  podman: Podman,
  name: string,
  path: string,
  ...options: readonly string[]
): Promise<void> {
  const context = join(ROOT, 'examples', path);
  // without layers, podman removes the image of a stage that adds nothing to it: the supervisor's
  const always = [`--file=${join(context, 'Containerfile')}`, '--layers'];
  await podman.build(name, context, ...always, ...options);
}
