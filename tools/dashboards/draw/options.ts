/** What @grafana/data must be told that Grafana itself would tell it: transformations, and the options of fields. */

import {
  FieldConfigOptionsRegistry,
  identityOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  thresholdsOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';

import type { PanelModel } from './model.ts';

/** Options of fields that have a meaning of their own; every other is taken as it is. */
const PROCESSORS: Readonly<Record<string, (value: any, context: any, settings?: any) => any>> = {
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
};

/** Tells @grafana/data which transformations there are. */
export function prepare(): void {
  standardTransformersRegistry.setInit(() =>
    // Some are there under an older name as well.
    [...new Set(Object.values(standardTransformers))].map(
      (transformer: any) =>
        ({
          id: transformer.id,
          name: transformer.name,
          transformation: async () => transformer,
          editor: () => null,
        }) as any,
    ),
  );
}

/** The options that a panel sets, as a registry: Grafana's own is made by its plugins. */
export function optionsOf({ fieldConfig }: PanelModel): FieldConfigOptionsRegistry {
  const custom = Object.keys(fieldConfig.defaults.custom ?? {}).map((name) => `custom.${name}`);
  const plain = Object.keys(fieldConfig.defaults).filter((name) => name !== 'custom');
  const overridden = fieldConfig.overrides.flatMap(({ properties }) =>
    properties.map(({ id }) => id),
  );
  const ids = [
    ...new Set([
      ...custom,
      ...plain,
      ...overridden,
      'min',
      'max',
      'unit',
      'decimals',
      'color',
      'links',
    ]),
  ];
  return new FieldConfigOptionsRegistry(() =>
    ids.map(
      (id) =>
        ({
          id,
          path: id.replace(/^custom\./, ''),
          name: id,
          isCustom: id.startsWith('custom.'),
          process: PROCESSORS[id] ?? identityOverrideProcessor,
          shouldApply: () => true,
          editor: () => null,
          override: () => null,
        }) as any,
    ),
  );
}
