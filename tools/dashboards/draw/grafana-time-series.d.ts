/** The panel of time series of @grafana/ui, reached by an alias of the bundler. */
declare module 'grafana-time-series' {
  import type { ComponentType } from 'react';
  export const TimeSeries: ComponentType<any>;
}
