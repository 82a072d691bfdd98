/** What both dashboards share as a whole: the frame, and the numbers of their panels. */

import {
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type * as sdk from '@grafana/grafana-foundation-sdk/dashboard';

export type Row = { readonly title: string; readonly panels: readonly Builder<sdk.Panel>[] };

export type Page = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Builder<sdk.VariableModel>[];
  readonly links: readonly Builder<sdk.DashboardLink>[];
  readonly annotations?: readonly Builder<sdk.AnnotationQuery>[];
  readonly rows: readonly Row[];
};

/** The classic model, which file provisioning takes. */
const SCHEMA_VERSION = 42;

/** A page as Grafana reads it from a file. */
export function pageOf({ annotations = [], ...page }: Page): sdk.Dashboard {
  const builder = new DashboardBuilder(page.title)
    .uid(page.uid)
    .description(page.description)
    .tags(['builder_cli', 'pipelines'])
    .version(1)
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone('browser')
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .variables([...page.variables])
    .links([...page.links])
    .annotations([...annotations]);
  for (const { title, panels } of page.rows) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  built.schemaVersion = SCHEMA_VERSION;
  // The builder numbers nothing; links to one panel need a number that stays.
  (built.panels ?? []).forEach((panel, index) => (panel.id = index + 1));
  return built;
}
