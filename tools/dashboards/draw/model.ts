/** A dashboard as its file has it, as far as it is drawn, and what it is drawn with. */

import type { DataTransformerConfig, FieldConfigSource } from '@grafana/data';

export type Grid = {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
};

export type Target = {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly format?: string;
  readonly instant?: boolean;
};

/** A panel as the file has it. */
export type PanelModel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Grid;
  readonly interval?: string;
  readonly maxDataPoints?: number;
  readonly targets: readonly Target[];
  readonly transformations?: DataTransformerConfig[];
  readonly fieldConfig: FieldConfigSource;
  readonly options: any;
};

export type Drawing = {
  readonly prometheus: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** How often the targets are scraped: what Grafana's data source is told as `timeInterval`. */
  readonly scrapeMs: number;
  readonly values: Readonly<Record<string, string>>;
  readonly dashboard: {
    readonly title: string;
    readonly panels: readonly PanelModel[];
    readonly links: readonly { readonly title: string }[];
    readonly templating: {
      readonly list: readonly {
        readonly name: string;
        readonly label: string;
        readonly type: string;
        readonly hide?: number;
      }[];
    };
  };
};
