// What a PromQL query asks for: its metrics and the labels it names. Parsed by Prometheus's own grammar.
import { parser } from '@prometheus-io/lezer-promql';

export interface Query {
  /** Names of metrics, with the labels that are matched on each. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** Labels that the query groups by. */
  readonly groupedBy: readonly string[];
}

/** @throws where the query is not PromQL, with the place */
export function parseQuery(text: string): Query {
  const selectors: { metric: string; labels: string[] }[] = [];
  const groupedBy: string[] = [];
  let isGrouping = false;
  parser.parse(text).iterate({
    enter: ({ name, type, from, to }) => {
      if (type.isError) throw new Error(`not PromQL at ${from} ("${text.slice(from, from + 20)}"): ${text}`);
      const word = text.slice(from, to);
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      const selector = selectors.at(-1);
      if (name === 'Identifier' && selector?.metric === '') selector.metric = word;
      if (name === 'GroupingLabels') isGrouping = true;
      if (name === 'LabelName') (isGrouping ? groupedBy : selector?.labels)?.push(word);
    },
    leave: ({ name }) => {
      if (name === 'GroupingLabels') isGrouping = false;
    },
  });
  return { selectors, groupedBy };
}

/** A histogram is stored as three metrics, which carry one label more. */
export function storedNames(metric: { readonly name: string; readonly type: string }): string[] {
  const { name, type } = metric;
  return type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
}
