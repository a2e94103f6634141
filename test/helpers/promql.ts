import { parser } from '@prometheus-io/lezer-promql';

/** A metric that an expression reads. */
export interface Selector {
  readonly metric: string;
  /** The names of the labels that it is filtered by. */
  readonly labels: readonly string[];
}

/**
 * Every metric that a PromQL expression reads, by Prometheus' own grammar.
 *
 * @throws if it is no PromQL, or names a metric by anything but its name
 */
export function selectorsIn(expression: string): readonly Selector[] {
  const text = ({ from, to }: { readonly from: number; readonly to: number }): string =>
    expression.slice(from, to);
  const selectors: { metric: string; labels: string[] }[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError) {
        throw new Error(`not PromQL at character ${node.from}: ${expression}`);
      }
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        if (name === null) throw new Error(`a selector without a name: ${text(node)}`);
        selectors.push({ metric: text(name), labels: [] });
      }
      if (node.name === 'LabelName' && node.node.parent?.name === 'UnquotedLabelMatcher') {
        selectors.at(-1)?.labels.push(text(node));
      }
    },
  });
  return selectors;
}
