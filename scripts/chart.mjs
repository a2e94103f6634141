// What of the chart is derived: Helm reads nothing outside of the chart's own directory.
import { readFileSync } from 'node:fs';

import { chartReadme } from './chart-readme.mjs';
import { chartValuesSchema } from './chart-values-schema.mjs';
import { CHART } from './chart-values.mjs';

const text = (file) => readFileSync(file, 'utf8');

/** Released with the package, and so of its version. */
function chartYaml() {
  const { version } = JSON.parse(text('package.json'));
  return text(`${CHART}Chart.yaml`)
    .replace(/^version: .*$/m, `version: ${version}`)
    .replace(/^appVersion: .*$/m, `appVersion: '${version}'`);
}

/** Each file with what makes its content. */
export function chartOutputs(schema) {
  return {
    [`${CHART}Chart.yaml`]: chartYaml,
    [`${CHART}values.schema.json`]: () => chartValuesSchema(schema),
    [`${CHART}README.md`]: () => chartReadme(schema),
    [`${CHART}files/container-supervisor.rules.yaml`]: () =>
      text('deploy/prometheus/container-supervisor.rules.yaml'),
    [`${CHART}files/container-supervisor.json`]: () =>
      text('deploy/grafana/container-supervisor.json'),
  };
}
