import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { HELM_VERSIONS, parseObjects, runHelm, template } from '../helpers/helm.ts';
import { problemsOf } from '../helpers/kubernetes-schemas.ts';
import { CLI, Program } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { CHART, CI_FILES, at, configurationOf, podSpecsOf } from './chart.ts';

describe.each(CI_FILES.map((file) => [basename(file, '-values.yaml'), file]))('%s', (_, file) => {
  const text = template(CHART, { valuesFiles: [file] });
  const objects = parseObjects(text);

  test.each(HELM_VERSIONS)('Helm %d lints it', (version) => {
    const { status, stdout } = runHelm(version, ['lint', '--strict', CHART, '--values', file]);
    expect({ status, stdout }).toMatchObject({ status: 0 });
  });

  test('Helm 3 makes the same of it as Helm 4', () => {
    expect(template(CHART, { valuesFiles: [file], helm: 3 })).toBe(text);
  });

  test('Kubernetes would take every object, and knows every field', async () => {
    expect(await problemsOf(objects)).toEqual([]);
  });

  test('the supervisor takes its configuration', async () => {
    const cwd = workspace({ 'supervisor.config.json': configurationOf(objects) });
    const program = new Program([process.execPath, CLI, 'check'], { cwd, env: {} });
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  test('every pod keeps to the restricted Pod Security Standard', () => {
    expect(podSpecsOf(objects).length).toBeGreaterThan(0);
    for (const spec of podSpecsOf(objects)) {
      expect(at(spec, 'securityContext.runAsNonRoot')).toBe(true);
      expect(at(spec, 'securityContext.seccompProfile.type')).toBe('RuntimeDefault');
      const { securityContext } = at(spec, 'containers.0') as { securityContext: unknown };
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  test('no object is one of another namespace, or without the labels of its release', () => {
    for (const { metadata } of objects) {
      expect(metadata.namespace).toBe('default');
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'release' });
    }
  });

  test('it reads as if written by hand', () => {
    expect(text).not.toMatch(/[ \t]$/m);
    // what is copied from elsewhere is written as it is there
    const own = text.replace(
      /(?<=^ {2}# Alerts on |\.json: \||- \|)[^]*?\n(?=---| {6}env)/gm,
      '\n',
    );
    expect(own).not.toMatch(/^$\n./m);
    expect(own).not.toMatch(/<no value>|%!|\bnull$/m);
  });
});

test('every value is used by a file', () => {
  const used = CI_FILES.map((file) => readFileSync(file, 'utf8')).join('\n');
  const schema = JSON.parse(readFileSync(`${CHART}values.schema.json`, 'utf8')) as {
    properties: Record<string, unknown>;
  };
  const forParents = ['global', 'enabled'];
  for (const key of Object.keys(schema.properties)) {
    if (forParents.includes(key)) continue;
    expect(used).toMatch(new RegExp(`^${key}:`, 'm'));
  }
});
