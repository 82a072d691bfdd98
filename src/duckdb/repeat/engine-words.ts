/**
 * What the engine itself says of its functions. Written by hand once and held equal to `duckdb_functions()` by a test,
 * for to ask it costs as much as a small query.
 */

/** Called VOLATILE or CONSISTENT_WITHIN_QUERY, and macros whose body calls one of these. */
export const CHANGING = new Set(
  `ago current_catalog current_connection_id current_database current_date current_query current_query_id current_schema
  current_schemas current_transaction_id currval error gen_random_uuid get_current_time get_current_timestamp
  in_search_path json_group_object nextval now pg_conf_load_time pg_postmaster_start_time pg_sleep random setseed
  sleep_ms stats today transaction_timestamp txid_current uuid uuidv4 uuidv7 write_log`.split(
    /\s+/,
  ),
);

/** Words that are calls without parentheses, where no column has their name. */
export const BARE: Readonly<Record<string, string>> = Object.freeze({
  current_catalog: 'current_catalog',
  current_date: 'current_date',
  current_schema: 'current_schema',
  current_time: 'get_current_time',
  current_timestamp: 'get_current_timestamp',
  localtime: 'current_localtime',
  localtimestamp: 'current_localtimestamp',
});

/** Called aggregates. */
export const AGGREGATES = new Set(
  `any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last arg_min
  arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr
  count count_if count_star countif covar_pop covar_samp entropy favg first fsum group_concat histogram histogram_exact
  kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by mode product quantile
  quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
  reservoir_quantile sem skewness stddev stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp
  variance`.split(/\s+/),
);

/** Macros that hold an aggregate. */
export const AGGREGATE_MACROS: Readonly<
  Record<string, { readonly parameters: readonly string[]; readonly body: string }>
> = Object.freeze({
  geomean: { parameters: ['x'], body: 'exp(avg(ln(x)))' },
  geometric_mean: { parameters: ['x'], body: 'geomean(x)' },
  wavg: { parameters: ['value', 'weight'], body: 'weighted_avg("value", weight)' },
  weighted_avg: {
    parameters: ['value', 'weight'],
    body: '(sum(("value" * weight)) / sum(CASE  WHEN (("value" IS NOT NULL)) THEN (weight) ELSE 0 END))',
  },
  json_group_array: {
    parameters: ['x'],
    body: `CAST((('[' || string_agg(CASE  WHEN ((x IS NULL)) THEN (CAST('null' AS "JSON")) ELSE to_json(x) END, ',')) || ']') AS "JSON")`,
  },
  json_group_structure: {
    parameters: ['x'],
    body: '(json_structure(json_group_array(x)) -> 0)',
  },
  json_group_object: {
    parameters: ['n', 'v'],
    body: `CAST((('{' || string_agg(((CASE  WHEN ((n IS NULL)) THEN ("error"('json_group_object key cannot be NULL')) ELSE to_json(CAST(n AS VARCHAR)) END || ':') || CASE  WHEN ((v IS NULL)) THEN (CAST('null' AS "JSON")) ELSE to_json(v) END), ',')) || '}') AS "JSON")`,
  },
});
